import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { bareEnvironment } from '../stack/bare-environment.ts';
import { prepare, startApi, startWorker } from '../stack/programs.ts';
import type { Service } from '../stack/service.ts';
import { type Services, startServices } from '../stack/services.ts';

interface ServicesOptions {
  dataDir: string;
  /** Settings, added to {@link bareEnvironment}. */
  environment: Environment;
  /** Whether data must survive a crash of the machine. */
  durable: boolean;
  log(line: string): void;
  signal: AbortSignal;
}

/** The services of a standalone shop, and a function that starts its programs. */
export interface StandaloneServices extends Pick<Services, 'environment' | 'started'> {
  /** Starts a program in a data folder of its own, with its settings added to the environment. */
  start(
    startProgram: typeof startApi,
    name: string,
    options?: { environment?: Environment; script?: string; onLine?: (line: string) => void },
  ): Promise<Service>;
}

/**
 * Starts services on free ports. A Postgres that was started here is migrated and seeded.
 *
 * @param cleanUp stops the services and the programs
 */
export async function openServices(
  { environment: settings, durable, ...options }: ServicesOptions,
  cleanUp: AsyncDisposableStack,
): Promise<StandaloneServices> {
  const services = await startServices({
    ...options,
    environment: { ...bareEnvironment(), ENV_FILE: '/dev/null', ...settings },
    durable,
  });
  cleanUp.defer(services.stop);
  const { environment, started } = services;
  if (started.postgres) await prepare({ ...options, environment });
  return {
    environment,
    started,
    async start(startProgram, name, { environment: own, ...more } = {}) {
      const dataDir = join(options.dataDir, name);
      const program = await startProgram({ ...options, ...more, dataDir, environment: { ...environment, ...own } });
      cleanUp.defer(program.stop);
      return program;
    },
  };
}

/** Creates a temporary folder, which the clean-up deletes. */
export function makeTemporaryFolder(prefix: string, cleanUp: AsyncDisposableStack): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  cleanUp.defer(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A shop outside of Jest, with its own services, API and worker. */
export interface StandaloneShop {
  url: string;
  databaseUrl: string;
  /** The URL of the Temporal Web UI. Absent if Temporal was not started here. */
  temporalPage: string | undefined;
}

/**
 * Opens a shop in a temporary folder.
 *
 * @param work called with the shop; afterwards the shop is stopped and its folder is deleted
 * @param signal ends the start early
 */
export async function withStandaloneShop<Result>(
  work: (shop: StandaloneShop) => Promise<Result>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const cleanUp = new AsyncDisposableStack();
  try {
    const dataDir = makeTemporaryFolder('crema-shop-', cleanUp);
    const options = { dataDir, environment: { RATE_LIMITS: 'off' }, durable: false, log, signal };
    const { environment, started, start } = await openServices(options, cleanUp);
    await start(startWorker, 'worker');
    const { url } = await start(startApi, 'api');
    return await work({
      url,
      databaseUrl: environment.DATABASE_URL as string,
      temporalPage: started.temporal?.page,
    });
  } finally {
    await cleanUp.disposeAsync();
  }
}
