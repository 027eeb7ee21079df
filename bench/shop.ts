import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Environment } from '../config/environment.ts';
import { connect } from '../db/connection.ts';
import { startApi, startWorker } from '../stack/programs.ts';
import type { Service } from '../stack/service.ts';
import { startMailSink } from '../tests/chaos/mail-catcher.ts';
import { createDatabase } from '../tests/databases.ts';
import { signIn } from '../tests/sign-in.ts';
import { makeTemporaryFolder, openServices, type StandaloneServices } from '../tests/standalone-shop.ts';
import { writeWorkflowBundle } from '../tests/workflow-bundle.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { countActions } from './measure/temporal-actions.ts';

/** A running API with its own database, with or without a worker. */
export interface Branch {
  api: HttpClient;
  /** The base URL of its API. */
  url: string;
  databaseUrl: string;
  /** Returns an access token of the seeded customer. The token is valid for at least some minutes. */
  customer(): Promise<string>;
  manager(): Promise<string>;
  /** The process ids. */
  pids: { api: number; worker?: number };
  close(): Promise<void>;
}

/** The shop of the bench: services, API, worker and the worker of the baseline. */
export interface Shop extends Branch {
  temporal: Client;
  /** The versions of Node and of the services, for the report: `Postgres 18.1`. */
  versions: string[];
  /** The environment variables of the shop's programs. */
  environment: Environment;
  /** The folder for files of the bench. It is deleted at the end. */
  dataDir: string;
  /** Creates a migrated and seeded database without orders. Returns its URL. */
  createDatabase(name: string): Promise<string>;
  openBranch(name: string, options: BranchOptions): Promise<Branch>;
  /** Starts one of the baselines, which answers `/health/ready`, as a process. */
  startBaseline(script: string, environment: Environment): Promise<Service>;
  /** Returns the number of actions that Temporal has counted so far. */
  countActions(): Promise<number>;
}

export interface BranchOptions {
  databaseUrl: string;
  worker: boolean;
  environment?: Environment;
}

/** The maximum number of connections to one API. */
const CONNECTIONS = 16;

/** How long an access token is used, in ms: half its lifetime. */
const TOKEN_MS = 300_000;

/** The database that {@link Shop.createDatabase} copies. */
const TEMPLATE = 'bench_template';

const BASELINES = join(import.meta.dirname, 'baselines');

/**
 * Opens a shop in a temporary folder, with data that survives a crash, as in production.
 *
 * @param work called with the shop; afterwards the shop is stopped and its folder is deleted
 * @param signal cancels the start of the shop
 */
export async function withShop<Result>(
  work: (shop: Shop) => Promise<Result>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const cleanUp = new AsyncDisposableStack();
  try {
    const dataDir = makeTemporaryFolder('crema-bench-', cleanUp);
    return await work(await open({ dataDir, log, signal }, cleanUp));
  } finally {
    await cleanUp.disposeAsync();
  }
}

async function open(
  options: { dataDir: string; log(line: string): void; signal: AbortSignal },
  cleanUp: AsyncDisposableStack,
): Promise<Shop> {
  const { dataDir, signal } = options;
  const mailSink = await startMailSink({ dataDir: join(dataDir, 'mail-sink'), signal });
  cleanUp.defer(mailSink.stop);
  const settings = {
    SMTP_URL: mailSink.url,
    RATE_LIMITS: 'off',
    // Workers start with a prebuilt bundle, as in production.
    WORKFLOW_BUNDLE: await writeWorkflowBundle(dataDir),
    // Long enough that no alert is due during a measurement.
    ORDER_DELAYED_AFTER: '86400',
    ORDER_UNCOLLECTED_AFTER: '86400',
    // High enough for the thousand streams that the manager opens.
    MAX_STREAMS_PER_USER: '2000',
  };
  const services = await openServices({ ...options, environment: settings, durable: true }, cleanUp);
  const { environment, started, start } = services;
  const { DATABASE_URL: databaseUrl = '', TEMPORAL_ADDRESS: address = '' } = environment;
  await createDatabase(`TEMPLATE ${new URL(databaseUrl).pathname.slice(1)}`, { server: databaseUrl, name: TEMPLATE });

  await start(startWorker, 'bare-worker', { script: join(BASELINES, 'bare/worker.ts') });
  const connection = await Connection.connect({ address });
  cleanUp.defer(() => connection.close());
  const openBranch: Shop['openBranch'] = (name, branch) => startBranch(services, cleanUp, name, branch);
  return {
    ...(await openBranch('main', { databaseUrl, worker: true })),
    temporal: new Client({ connection }),
    versions: [
      `Node ${process.version}`,
      `Postgres ${await postgresVersion(databaseUrl)}`,
      `Temporal ${(await connection.workflowService.getSystemInfo({})).serverVersion}, development server on SQLite`,
    ],
    environment,
    dataDir,
    createDatabase: (name) => createDatabase(`TEMPLATE ${TEMPLATE}`, { server: databaseUrl, name }),
    openBranch,
    // `startApi` can start every program that serves `/health/ready`.
    startBaseline: (script, environment) =>
      start(startApi, script.replaceAll(/\W/g, '-'), { script: join(BASELINES, script), environment }),
    countActions: () => countActions(started.temporal?.log ?? '', signal),
  };
}

async function startBranch(
  { start }: StandaloneServices,
  cleanUp: AsyncDisposableStack,
  name: string,
  { databaseUrl, worker: withWorker, ...options }: BranchOptions,
): Promise<Branch> {
  const environment = { ...options.environment, DATABASE_URL: databaseUrl, TEMPORAL_TASK_QUEUE: `${name}-bench` };
  const worker = withWorker ? await start(startWorker, `worker-${name}`, { environment }) : undefined;
  const program = await start(startApi, `api-${name}`, { environment });
  const api = createHttpClient(program.url, { connections: CONNECTIONS });
  cleanUp.defer(api.close);
  return {
    api,
    url: program.url,
    databaseUrl,
    customer: createTokenSource(program.url, 'customer@example.com'),
    manager: createTokenSource(program.url, 'manager@example.com'),
    pids: { api: program.pid, ...(worker && { worker: worker.pid }) },
    async close() {
      api.close();
      await program.stop();
      await worker?.stop();
    },
  };
}

/** Returns a function that returns an access token. The function signs in again after half the token's lifetime. */
function createTokenSource(url: string, username: string): () => Promise<string> {
  let token: Promise<string> | undefined;
  let since = 0;
  return () => {
    if (!token || performance.now() - since > TOKEN_MS) {
      token = signIn(url, username);
      since = performance.now();
    }
    return token;
  };
}

async function postgresVersion(url: string): Promise<string> {
  const database = connect(url, { max: 1, name: 'crema-bench' });
  try {
    const { rows } = await database.raw('SHOW server_version');
    return rows[0].server_version;
  } finally {
    await database.destroy();
  }
}
