/** `make run`: starts the whole shop on this machine and keeps it running until a stop signal. */
import { relative } from 'node:path';
import { prettyFactory } from 'pino-pretty';
import { readApiSettings } from '../api/settings.ts';
import { readEnvironment } from '../config/environment.ts';
import { databaseAt } from '../config/services-in-use.ts';
import { readWorkerSettings } from '../worker/settings.ts';
import { claimShop } from './open-shop.ts';
import type { Exit } from './process/guarded-process.ts';
import { stopLeftovers } from './process/leftovers.ts';
import { prepare, startApi, startWorker } from './programs.ts';
import { requirePorts } from './required-ports.ts';
import type { Service } from './service.ts';
import { type Services, startServices } from './services.ts';
import { readStackSettings, servicePorts } from './settings.ts';
import { StackError, sentenceOf } from './stack-error.ts';
import { startAll } from './start-all.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const pretty = prettyFactory({
  colorize: process.stdout.isTTY ?? false,
  ignore: 'pid,hostname',
  singleLine: true,
  translateTime: 'SYS:HH:MM:ss',
});

/** The reason why the shop must stop: a signal, or the end of one of its processes. */
const closing = new AbortController();
class Asked extends Error {}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second signal exits at once. The guards then stop the remaining processes.
    if (closing.signal.aborted) process.exit(1);
    closing.abort(new Asked(signal));
  });
}
process.on('uncaughtException', (error) => closing.abort(error));
process.stdout.on('error', () => closing.abort(new Asked('nobody reads')));
watchMake();

try {
  await run();
} catch (error) {
  if (!(error instanceof Asked)) {
    process.stderr.write(`${sentenceOf(error) ?? (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
// All our processes have been stopped. Handles that a library left open must not delay the exit.
process.exit();

async function run() {
  const environment = readEnvironment();
  const settings = readStackSettings(environment);
  const { PORT, PUBLIC_URL } = readApiSettings(environment);
  const { WORKER_HEALTH_PORT } = readWorkerSettings(environment);
  const dataDir = settings.DATA_DIR;
  const claim = claimShop(dataDir);
  const undo: (() => unknown)[] = [claim.release];
  try {
    const left = await stopLeftovers(dataDir);
    if (left.length > 0) say(`An earlier run was killed; stopped what it left: ${left.join(', ')}.`);
    await requirePorts(environment, settings, { api: PORT, worker: WORKER_HEALTH_PORT });

    const options = { dataDir, environment, log: say, signal: closing.signal, onDeath: closeBecause };
    say('Starting Postgres, Temporal, Redis and the mail catcher …');
    const services = await startServices({ ...options, ports: servicePorts(settings) });
    undo.unshift(services.stop);

    say('Preparing database and Temporal …');
    const inside = { ...options, environment: { ...services.environment, PUBLIC_URL } };
    await prepare(inside);

    say('Starting API and worker …');
    const { values, failed, reason } = await startAll(
      [
        (signal) => startApi({ ...inside, signal, port: PORT, onLine: (line) => show('api', line) }),
        (signal) =>
          startWorker({ ...inside, signal, port: WORKER_HEALTH_PORT, onLine: (line) => show('worker', line) }),
      ],
      closing.signal,
    );
    undo.unshift(async () => {
      for (const program of values) await program?.stop();
    });
    if (failed) throw reason;

    claim.announce({
      api: `http://127.0.0.1:${PORT}`,
      redis: services.environment.REDIS_URL ?? '',
      mail: services.started.mail?.page,
    });
    say(table(PUBLIC_URL, services, dataDir));
    await new Promise((_resolve, reject) => {
      closing.signal.addEventListener('abort', () => reject(closing.signal.reason));
      if (closing.signal.aborted) reject(closing.signal.reason);
    });
  } finally {
    if (undo.length > 1) say('Stopping …');
    for (const stop of undo) await stop();
  }
}

function show(name: string, line: string) {
  const text = line.startsWith('{') ? pretty(line) : line;
  say(`${name.padEnd(6)} | ${text.trimEnd()}`);
}

function closeBecause(service: Service, exit: Exit) {
  const how = exit.signal ? `it was ended by ${exit.signal}` : `exit code ${exit.code}`;
  closing.abort(
    new StackError(`${service.name} stopped although nobody asked it to (${how}); ${service.log} says more.`),
  );
}

function table(url: string, services: Services, dataDir: string): string {
  const { temporal, mail } = services.started;
  const rows = [
    ['API', `${url}/v1`],
    ['API docs', `${url}/docs`],
    ['Temporal Web UI', forPeople(temporal?.page) ?? `of the Temporal at ${services.environment.TEMPORAL_ADDRESS}`],
    ['Emails', forPeople(mail?.page) ?? 'go where SMTP_URL says'],
    ['Postgres', databaseAt(services.environment.DATABASE_URL ?? '')],
    ['Sign in as', 'customer@example.com / test'],
    ['or as', 'manager@example.com / test'],
  ];
  const lines = rows.map(([title = '', value]) => `  ${title.padEnd(17)}${value}`);
  const hint = `Ctrl-C stops everything. \`make demo\` in a second terminal shows it at work. Logs: ${relative('.', dataDir) || dataDir}/logs`;
  return ['', 'Crema is open.', '', ...lines, '', hint, ''].join('\n');
}

/** Returns the address with `localhost` in place of 127.0.0.1, as the documentation has it. */
function forPeople(page: string | undefined): string | undefined {
  return page?.replace('127.0.0.1', 'localhost');
}

/** A killed make cannot forward its signal, so that the shop would keep running unnoticed. */
function watchMake() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.env.MAKELEVEL && process.ppid !== parent) closing.abort(new Asked('make is gone'));
  }, 1_000);
  // This timer also keeps the process alive while it waits.
  return timer;
}
