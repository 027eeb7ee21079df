import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { runToSuccess } from './process/guarded-process.ts';
import { runAll } from './run-all.ts';
import { type Service, type ServiceOptions, startService } from './service.ts';
import { PortTakenError } from './stack-error.ts';

interface ProgramOptions extends ServiceOptions {
  environment: Environment;
  /** 0 or undefined: any free port. */
  port?: number;
  /** Called with every line of the program's output. */
  onLine?: (line: string) => void;
  /** Another script to run in place of the program, for tests and benchmarks. */
  script?: string;
}

const root = join(import.meta.dirname, '..');
const SCRIPT_TIMEOUT_MS = 120_000;

/**
 * Starts the API as a separate process and resolves when it is ready. PUBLIC_URL defaults to 127.0.0.1 and not to `localhost`,
 * which is also ::1, where another process may answer.
 */
export const startApi = (options: ProgramOptions): Promise<Service> =>
  startProgram({ name: 'api', title: 'The API', script: 'api/main.ts', portVariable: 'PORT' }, options);

/** Starts the worker as a separate process and resolves when it is ready. */
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
      ports: { http: options.port },
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
        const response = await fetch(`${url({ http })}/health/ready`, { signal: AbortSignal.timeout(2_000) });
        const text = await response.text();
        const responding = instanceIn(text);
        if (responding !== instance && (response.ok || responding !== undefined)) {
          throw new PortTakenError(`${kind.title} did not start: another process answers on port ${http}.`);
        }
        if (!response.ok) throw new Error(`/health/ready returned ${response.status} ${text}`);
        return true;
      },
    },
    options,
  );
}

/** Returns the instance id in a response of `/health/ready`; undefined if the response has no id. */
function instanceIn(text: string): unknown {
  try {
    return JSON.parse(text)?.instance;
  } catch {
    return undefined;
  }
}

/** Runs the migrations, then seeds the database and prepares the Temporal namespace concurrently. */
export async function prepare(options: ServiceOptions & { environment: Environment }): Promise<void> {
  const run = (script: string, failure: string, signal: AbortSignal | undefined) =>
    runToSuccess(
      {
        name: script.replace('/', '-').replace('.ts', ''),
        command: process.execPath,
        args: [join(root, script)],
        env: options.environment,
      },
      { dataDir: options.dataDir, deadline: SCRIPT_TIMEOUT_MS, signal, failure: (reason) => `${failure}: ${reason}.` },
    );
  await run('db/migrate.ts', 'The database could not be migrated', options.signal);
  await runAll(
    [
      (signal) => run('db/seed.ts', 'The database could not be seeded', signal),
      (signal) => run('worker/prepare-namespace.ts', "Temporal's namespace could not be prepared", signal),
    ],
    options.signal,
  );
}
