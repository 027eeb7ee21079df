import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { runProcess } from './process/guarded-process.ts';
import { logTail, reasonIn } from './process/log-tail.ts';
import { PortTakenError, type Service, type ServiceOptions, startService } from './service.ts';
import { StackError } from './stack-error.ts';
import { startAll } from './start-all.ts';

interface ProgramOptions extends ServiceOptions {
  environment: Environment;
  /** 0 or undefined: any free port. */
  port?: number;
  /** Called with every line of its log. */
  onLine?: (line: string) => void;
  /** Another script to run in its place, for tests. */
  script?: string;
}

const root = join(import.meta.dirname, '..');
const scriptDeadline = 120_000;

/**
 * Starts the API as a process of its own and resolves when it is ready. Without PUBLIC_URL in the environment, clients
 * reach it at 127.0.0.1, not at `localhost`, which may also be ::1.
 */
export const startApi = (options: ProgramOptions): Promise<Service> =>
  startProgram({ name: 'api', title: 'The API', script: 'api/main.ts', portVariable: 'PORT' }, options);

/** Starts the worker as a process of its own and resolves when it is ready. */
export const startWorker = (options: ProgramOptions): Promise<Service> =>
  startProgram(
    { name: 'worker', title: 'The worker', script: 'worker/main.ts', portVariable: 'WORKER_HEALTH_PORT' },
    options,
  );

function startProgram(
  kind: { name: string; title: string; script: string; portVariable: string },
  options: ProgramOptions,
): Promise<Service> {
  const url = ({ http }: { http: number }) => `http://127.0.0.1:${http}`;
  let instance: string;
  return startService(
    {
      name: kind.name,
      title: kind.title,
      ports: { http: options.port ?? 0 },
      program: ({ http }) => {
        instance = randomUUID();
        return {
          command: process.execPath,
          args: [options.script ?? join(root, kind.script)],
          env: {
            ...(kind.name === 'api' && { PUBLIC_URL: url({ http }) }),
            ...options.environment,
            [kind.portVariable]: String(http),
            INSTANCE_ID: instance,
          },
          grace: 30_000,
          ...(options.onLine && { onLine: options.onLine }),
        };
      },
      url,
      isReady: async ({ http }) => {
        const answer = await fetch(`${url({ http })}/health/ready`, { signal: AbortSignal.timeout(2_000) });
        const text = await answer.text();
        const answering = instanceIn(text);
        if (answering !== instance && (answer.ok || answering !== undefined)) {
          throw new PortTakenError(`${kind.title} did not start: another process answers on port ${http}.`);
        }
        if (!answer.ok) throw new Error(`/health/ready answers ${answer.status} ${text}`);
        return true;
      },
    },
    options,
  );
}

/** Returns the instance id in an answer of `/health/ready`, or undefined if it names no instance. */
function instanceIn(text: string): unknown {
  try {
    return JSON.parse(text)?.instance;
  } catch {
    return undefined;
  }
}

/** Runs the migrations, then seeds the database and prepares the Temporal namespace concurrently. */
export async function prepare(options: ServiceOptions & { environment: Environment }): Promise<void> {
  await runScript('db/migrate.ts', 'The database could not be migrated', options);
  const scripts = [
    ['db/seed.ts', 'The database could not be filled'],
    ['worker/prepare-namespace.ts', "Temporal's namespace could not be prepared"],
  ] as const;
  const { failed, reason } = await startAll(
    scripts.map(
      ([script, failure]) =>
        (signal) =>
          runScript(script, failure, { ...options, signal }),
    ),
    options.signal,
  );
  if (failed) throw reason;
}

async function runScript(script: string, failure: string, options: ServiceOptions & { environment: Environment }) {
  const name = script.replace('/', '-').replace('.ts', '');
  const exit = await runProcess(
    { name, command: process.execPath, args: [join(root, script)], env: options.environment },
    { ...options, deadline: scriptDeadline },
  );
  if (exit?.code === 0) return;
  const log = join(options.dataDir, 'logs', `${name}.log`);
  throw new StackError(
    `${failure}: ${reasonIn(logTail(log, 50)) || `it took over ${scriptDeadline / 1000} s`} (${log} has more).`,
  );
}
