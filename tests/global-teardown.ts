import { SERVICE_LOGS } from './evidence/evidence.ts';

export default async function tearDown(): Promise<void> {
  if (!globalThis.services) return;
  delete process.env[SERVICE_LOGS];
  await globalThis.services.stop();
}
