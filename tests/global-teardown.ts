import type { GlobalConfig } from 'jest';
import { SERVICE_LOGS } from './evidence/keep-on-failure.ts';

/** How long Jest may take to end by itself, in ms. */
const EXIT_MS = 10_000;

function exit(): void {
  console.error(`Jest did not end within ${EXIT_MS / 1_000} s, because a test has left a server or a timer open.`);
  process.exit();
}

export default async function tearDown({ watch, watchAll }: GlobalConfig): Promise<void> {
  delete process.env[SERVICE_LOGS];
  await globalThis.services?.stop();
  // Otherwise, Jest waits forever for what a failed test has left open, such as a server.
  if (!watch && !watchAll) setTimeout(exit, EXIT_MS).unref();
}
