/** `make run`: starts the whole shop on this machine and keeps it running until a stop signal. */
import { once } from 'node:events';
import { relative } from 'node:path';
import { prettyFactory } from 'pino-pretty';
import { readApiSettings } from '../api/settings.ts';
import { readEnvironment } from '../config/environment.ts';
import { sentenceFor } from '../config/run-command.ts';
import { databaseAt } from '../config/services-in-use.ts';
import { readWorkerSettings } from '../worker/settings.ts';
import { claimShop } from './open-shop.ts';
import { describeExit, type Exit } from './process/guarded-process.ts';
import { stopLeftovers } from './process/leftovers.ts';
import { prepare, startApi, startWorker } from './programs.ts';
import { requirePorts } from './required-ports.ts';
import { runAll } from './run-all.ts';
import type { Service } from './service.ts';
import { type Services, startServices } from './services.ts';
import { readStackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';

const say = (line: string) => process.stdout.write(`${line}\n`);
const pretty = prettyFactory({
  colorize: process.stdout.isTTY ?? false,
  ignore: 'pid,hostname',
  singleLine: true,
  translateTime: 'SYS:HH:MM:ss',
});

/** Aborted with the reason why the shop must stop: a {@link StopRequest}, or an error. */
const closing = new AbortController();
class StopRequest extends Error {}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // A second signal exits at once. The guards then stop the remaining processes.
    if (closing.signal.aborted) process.exit(1);
    closing.abort(new StopRequest(signal));
  });
}
process.on('uncaughtException', (error) => closing.abort(error));
process.stdout.on('error', () => closing.abort(new StopRequest('standard output is closed')));
stopWithMake();

try {
  await run();
} catch (error) {
  if (!(error instanceof StopRequest)) {
    process.stderr.write(`${sentenceFor(error) ?? (error as Error).stack}\n`);
    process.exitCode = 1;
  }
}
// All child processes have ended. Without this call, handles that a library left open would delay the exit.
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
    const stopped = await stopLeftovers(dataDir);
    if (stopped.length > 0) say(`Stopped processes of an earlier run that was killed: ${stopped.join(', ')}.`);
    await requirePorts(environment, settings, { api: PORT, worker: WORKER_HEALTH_PORT });

    const options = { dataDir, environment, log: say, signal: closing.signal, onDeath: closeAfterDeath };
    say('Starting services …');
    const services = await startServices({ ...options, ports: settings });
    undo.unshift(services.stop);

    say('Preparing database and Temporal …');
    const inside = { ...options, environment: { ...services.environment, PUBLIC_URL } };
    await prepare(inside);

    say('Starting API and worker …');
    const programs = await runAll(
      [
        (signal) => startApi({ ...inside, signal, port: PORT, onLine: (line) => show('api', line) }),
        (signal) =>
          startWorker({ ...inside, signal, port: WORKER_HEALTH_PORT, onLine: (line) => show('worker', line) }),
      ],
      closing.signal,
      (program) => program.stop(),
    );
    undo.unshift(async () => {
      for (const program of programs) await program.stop();
    });

    claim.saveAddresses({
      api: `http://127.0.0.1:${PORT}`,
      redis: services.environment.REDIS_URL ?? '',
      mail: services.started.mail?.page,
    });
    say(table(PUBLIC_URL, services, dataDir));
    if (!closing.signal.aborted) await once(closing.signal, 'abort');
    throw closing.signal.reason;
  } finally {
    if (undo.length > 1) say('Stopping …');
    for (const stop of undo) await stop();
  }
}

function show(name: string, line: string) {
  const text = line.startsWith('{') ? pretty(line) : line;
  say(`${name.padEnd(6)} | ${text.trimEnd()}`);
}

function closeAfterDeath({ name, log }: Service, exit: Exit) {
  closing.abort(new StackError(`The process ${name} failed: ${describeExit(exit)} (${log} has more).`));
}

function table(url: string, services: Services, dataDir: string): string {
  const { temporal, mail } = services.started;
  const rows = [
    ['Storefront', `${url}/`],
    ['Board', `${url}/board`],
    ['Counter display', `${url}/display`],
    ['API docs', `${url}/docs`],
    ['Temporal Web UI', atLocalhost(temporal?.page) ?? `of the server at ${services.environment.TEMPORAL_ADDRESS}`],
    ['Emails', atLocalhost(mail?.page) ?? 'at the mail server of SMTP_URL'],
    ['Postgres', databaseAt(services.environment.DATABASE_URL ?? '')],
    ['Sign in as', 'customer@example.com / test'],
    ['or as', 'barista@example.com / test'],
    ['', 'manager@example.com / test'],
  ];
  const lines = rows.map(([title = '', value]) => `  ${title.padEnd(17)}${value}`);
  const folder = relative('.', dataDir);
  const logs = `${folder.startsWith('..') ? dataDir : folder || '.'}/logs`;
  const hint = `Ctrl-C stops everything. To see the shop at work, run \`make demo\` in a second terminal. Logs: ${logs}`;
  return ['', 'Crema is open.', '', ...lines, '', hint, ''].join('\n');
}

/** Returns the address with `localhost` in place of 127.0.0.1, as in the documentation. */
function atLocalhost(page: string | undefined): string | undefined {
  return page?.replace('127.0.0.1', 'localhost');
}

/** Stops the shop when make was killed, because a killed make forwards no signal. */
function stopWithMake() {
  const parent = process.ppid;
  // This timer also keeps the process alive until the shop stops.
  setInterval(() => {
    if (process.env.MAKELEVEL && process.ppid !== parent) closing.abort(new StopRequest('make has ended'));
  }, 1_000);
}
