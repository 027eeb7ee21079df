import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment } from '../stack/bare-environment.ts';
import { prepare, startApi, startWorker } from '../stack/programs.ts';
import { startServices } from '../stack/services.ts';

/** A shop outside of Jest: services, API and worker of its own. */
export interface OwnShop {
  url: string;
  databaseUrl: string;
}

/**
 * Opens a shop on free ports, in a temporary folder.
 *
 * @param work what to do in it; everything is stopped and deleted afterwards
 * @param signal ends the start early
 */
export async function withOwnShop<Result>(
  work: (shop: OwnShop) => Promise<Result>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crema-shop-'));
  const undo: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  try {
    const own = bareEnvironment();
    const environment = { ...own, ENV_FILE: '/dev/null', RATE_LIMITS: 'off' };
    const services = await startServices({ dataDir, environment, durable: false, log, signal });
    undo.push(services.stop);
    const inside = { dataDir, environment: services.environment, log, signal };
    await prepare(inside);
    const worker = await startWorker(inside);
    undo.push(worker.stop);
    const api = await startApi(inside);
    undo.push(api.stop);
    return await work({ url: api.url, databaseUrl: services.environment.DATABASE_URL as string });
  } finally {
    for (const step of undo.reverse()) await step();
  }
}
