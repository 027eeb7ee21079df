import { SERVICE_LOGS } from './evidence/keep-on-failure.ts';

export default async function tearDown(): Promise<void> {
  if (!globalThis.services) return;
  delete process.env[SERVICE_LOGS];
  await globalThis.services.stop();
}
