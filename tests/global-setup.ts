import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment } from '../stack/bare-environment.ts';
import { startServices } from '../stack/services.ts';
import { createDatabase, fillDatabase, TEMPLATE } from './databases.ts';
import { SERVICE_LOGS } from './evidence/keep-on-failure.ts';
import { writeWorkflowBundle } from './workflow-bundle.ts';

declare global {
  var services: { stop(): Promise<void> } | undefined;
}

/** Starts Postgres, Temporal and Redis and bundles the workflows, once for all test files. */
export default async function setUp(): Promise<void> {
  // A run that a test starts uses the services of the outer run.
  if (process.env[SERVICE_LOGS]) return;
  const bare = bareEnvironment();
  for (const name of Object.keys(process.env)) if (!(name in bare)) delete process.env[name];
  process.env.ENV_FILE = '/dev/null';
  const dataDir = mkdtempSync(join(tmpdir(), 'crema-tests-'));
  // Each test catches its own mail, so no mail catcher is started.
  const environment = { ...process.env, SMTP_URL: 'smtp://127.0.0.1:1' };
  const services = await startServices({ dataDir, environment, durable: false, log: console.log });
  globalThis.services = {
    async stop() {
      await services.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  try {
    const { DATABASE_URL, TEMPORAL_ADDRESS, REDIS_URL } = services.environment as Record<string, string>;
    await fillDatabase(await createDatabase('', { server: DATABASE_URL, name: TEMPLATE }));
    Object.assign(process.env, {
      DATABASE_URL,
      TEMPORAL_ADDRESS,
      REDIS_URL,
      WORKFLOW_BUNDLE: await writeWorkflowBundle(dataDir),
      [SERVICE_LOGS]: join(dataDir, 'logs'),
    });
  } catch (error) {
    await globalThis.services.stop();
    throw error;
  }
}
