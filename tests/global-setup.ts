import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { connect } from '../db/connection.ts';
import { bareEnvironment } from '../stack/bare-environment.ts';
import { type Services, startServices } from '../stack/services.ts';
import { workflowsPath } from '../worker/workflows-path.ts';
import { SERVICE_LOGS } from './evidence/evidence.ts';
import { fillDatabase, TEMPLATE } from './test-services.ts';

declare global {
  var services: { stop(): Promise<void> } | undefined;
}

/** Starts Postgres, Temporal and Redis and bundles the workflows, once for all test files, on ports and data of their own. */
export default async function setUp(): Promise<void> {
  // Tests that a test runs use the services of the outer run.
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
    await makeTemplate(services);
  } catch (error) {
    await globalThis.services.stop();
    throw error;
  }
  const { DATABASE_URL, TEMPORAL_ADDRESS, REDIS_URL } = services.environment;
  const WORKFLOW_BUNDLE = join(dataDir, 'workflow-bundle.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  writeFileSync(WORKFLOW_BUNDLE, code);
  Object.assign(process.env, {
    DATABASE_URL,
    TEMPORAL_ADDRESS,
    REDIS_URL,
    WORKFLOW_BUNDLE,
    [SERVICE_LOGS]: join(dataDir, 'logs'),
  });
}

/** Migrates and seeds one database; every test file gets a copy of it. */
async function makeTemplate({ environment }: Services): Promise<void> {
  const admin = connect(environment.DATABASE_URL as string, { max: 1 });
  await admin.raw(`CREATE DATABASE ${TEMPLATE}`);
  await admin.destroy();
  const url = new URL(environment.DATABASE_URL as string);
  url.pathname = `/${TEMPLATE}`;
  await fillDatabase(url.href);
}
