import type { GlobalConfig } from 'jest';
import { SERVICE_LOGS } from './evidence/keep-on-failure.ts';

/** The time that Jest has to write its results and end, in ms. */
const EXIT_MS = 10_000;

export default async function tearDown({ watch, watchAll }: GlobalConfig): Promise<void> {
  delete process.env[SERVICE_LOGS];
  await globalThis.services?.stop();
  // Otherwise, Jest waits forever for what a failed test has left open, such as a server.
  if (!watch && !watchAll) setTimeout(() => process.exit(), EXIT_MS).unref();
}
