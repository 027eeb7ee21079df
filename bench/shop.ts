import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import type { Environment } from '../config/environment.ts';
import { connect } from '../db/connection.ts';
import { prepare, startApi, startWorker } from '../stack/programs.ts';
import type { Service } from '../stack/service.ts';
import { anyPorts, startServices } from '../stack/services.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

/** A whole shop of the bench's own: services, API, worker and the worker of the floor. */
export interface Shop {
  api: HttpClient;
  temporal: Client;
  databaseUrl: string;
  /** Access tokens of the seeded users. */
  customer: string;
  manager: string;
  /** What it runs on, for the report: `Postgres 18.1`. */
  versions: string[];
  /** Makes a database like the one the shop opened with: migrated, seeded, without orders. */
  createDatabase(name: string): Promise<string>;
  /** Starts another API, on a database of its own. */
  openApi(name: string, databaseUrl: string): Promise<HttpClient>;
  /** Ends both workers: what follows only reads. */
  stopWorkers(): Promise<void>;
}

/** What would make the bench measure somebody's services, or with somebody's settings. */
const FOREIGN = [
  ...['DATABASE_URL', 'TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE', 'REDIS_URL', 'SMTP_URL', 'NOTIFICATIONS_ENV'],
  ...['NODE_ENV', 'PUBLIC_URL', 'HOST', 'LOG_LEVEL', 'WORKFLOW_BUNDLE', 'WORKER_DEPLOYMENT', 'WORKER_BUILD_ID'],
];

/**
 * Opens a shop in a temporary folder, with data that survives a crash, as in production.
 *
 * @param work what to do in it; everything is stopped and deleted afterwards
 * @param signal ends the start early
 */
export async function withShop<Result>(
  work: (shop: Shop) => Promise<Result>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crema-bench-'));
  const undo: (() => unknown)[] = [() => rmSync(dataDir, { recursive: true, force: true })];
  try {
    return await work(await open(dataDir, undo, log, signal));
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function open(
  dataDir: string,
  undo: (() => unknown)[],
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Shop> {
  const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.includes(name)));
  // What `.env` says is for the shop of this machine, not for this one.
  const environment = {
    ...own,
    ENV_FILE: join(dataDir, '.env'),
    TEMPORAL_TASK_QUEUE: 'bench-orders',
    RATE_LIMITS: 'off',
  };
  const services = await startServices({ dataDir, environment, ports: anyPorts, durable: true, log, signal });
  undo.push(services.stop);
  const inside = { dataDir, environment: services.environment, log, signal };
  await prepare(inside);
  const { DATABASE_URL: databaseUrl = '', TEMPORAL_ADDRESS: address } = services.environment;
  const template = await copyDatabase(databaseUrl, databaseUrl, 'bench_template');

  const start = async (
    startProgram: typeof startApi,
    name: string,
    more: { script?: string; environment?: Environment } = {},
  ) => {
    const folder = join(dataDir, name);
    mkdirSync(folder);
    const program = await startProgram({ ...inside, ...more, dataDir: folder });
    undo.push(program.stop);
    return program;
  };
  const openClient = (program: Service) => {
    const client = createHttpClient(program.url);
    undo.push(client.close);
    return client;
  };
  const workers = [
    await start(startWorker, 'worker'),
    await start(startWorker, 'bare-worker', { script: join(import.meta.dirname, 'bare/worker.ts') }),
  ];
  const api = openClient(await start(startApi, 'api'));
  const connection = await Connection.connect({ address: address ?? '' });
  undo.push(() => connection.close());

  return {
    api,
    temporal: new Client({ connection }),
    databaseUrl,
    customer: await api.signIn('customer@example.com'),
    manager: await api.signIn('manager@example.com'),
    versions: [
      `Node ${process.version}`,
      `Postgres ${await postgresVersion(databaseUrl)}`,
      `Temporal ${(await connection.workflowService.getSystemInfo({})).serverVersion}, development server on SQLite`,
    ],
    createDatabase: (name) => copyDatabase(databaseUrl, template, name),
    async openApi(name, url) {
      const environment = { ...services.environment, DATABASE_URL: url };
      return openClient(await start(startApi, name, { environment }));
    },
    async stopWorkers() {
      for (const worker of workers) await worker.stop();
    },
  };
}

/** Copies a database that nobody is connected to. Returns the copy's URL. */
async function copyDatabase(adminUrl: string, from: string, name: string): Promise<string> {
  const url = new URL(adminUrl);
  url.pathname = '/postgres';
  const admin = connect(url.href, { max: 1, name: 'crema-bench' });
  try {
    await admin.raw('CREATE DATABASE ?? TEMPLATE ??', [name, new URL(from).pathname.slice(1)]);
  } finally {
    await admin.destroy();
  }
  url.pathname = `/${name}`;
  return url.href;
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
