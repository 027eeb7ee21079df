import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import type { Environment } from '../config/environment.ts';
import { connect } from '../db/connection.ts';
import { bareEnvironment } from '../stack/bare-environment.ts';
import { portIsBusy } from '../stack/ports.ts';
import { prepare, startApi, startWorker } from '../stack/programs.ts';
import { type Service, startService } from '../stack/service.ts';
import { startServices } from '../stack/services.ts';
import { StackError } from '../stack/stack-error.ts';
import { waitFor } from '../stack/wait.ts';
import { workflowsPath } from '../worker/workflows-path.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';

/** API and worker with a database of their own. */
export interface Branch {
  api: HttpClient;
  /** Where its API answers. */
  url: string;
  databaseUrl: string;
  /** An access token of the seeded customer, that is good for some minutes more. */
  customer(): Promise<string>;
  manager(): Promise<string>;
  /** Of its processes, with the system; the worker's if it has one. */
  pids: { api: number; worker?: number };
  close(): Promise<void>;
}

/** A whole shop of the bench's own: services, API, worker and the worker of the baseline. */
export interface Shop extends Branch {
  temporal: Client;
  /** What it runs on, for the report: `Postgres 18.1`. */
  versions: string[];
  /** The environment of its programs. */
  environment: Environment;
  /** Holds what the bench leaves behind; deleted at the end. */
  dataDir: string;
  /** Makes a database like the one the shop opened with: migrated, seeded, without orders. */
  createDatabase(name: string): Promise<string>;
  openBranch(name: string, options: BranchOptions): Promise<Branch>;
  /** Starts one of the baseline's programs as a process of its own, with `/health/ready`. */
  startBaseline(script: string, environment: Environment): Promise<Service>;
  /** How many actions Temporal has counted so far. */
  countActions(): Promise<number>;
}

export interface BranchOptions {
  databaseUrl: string;
  /** One that is only read needs none. */
  worker: boolean;
  environment?: Environment;
}

/** Connections that a client of an API opens at most. */
const CONNECTIONS = 16;

/** How long Temporal may take to show what it has counted, in ms. */
const METRICS_LAG_MS = 1_500;

/** How long an access token is used, in ms: half its life. */
const TOKEN_MS = 300_000;

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
  const own = bareEnvironment();
  const WORKFLOW_BUNDLE = join(dataDir, 'workflow-bundle.js');
  const mailSink = await startMailSink({ dataDir: join(dataDir, 'mail-sink'), signal });
  undo.push(mailSink.stop);
  const services = await startServices({
    dataDir,
    environment: {
      ...own,
      // What `.env` says is for the shop of this machine, not for this one.
      ENV_FILE: '/dev/null',
      SMTP_URL: mailSink.url,
      RATE_LIMITS: 'off',
      WORKFLOW_BUNDLE,
      // No order is alerted about while others are measured.
      ORDER_DELAYED_AFTER: '86400',
      ORDER_UNCOLLECTED_AFTER: '86400',
      // A thousand readers of a stream are all the manager's.
      MAX_STREAMS_PER_USER: '2000',
    },
    durable: true,
    log,
    signal,
  });
  undo.push(services.stop);
  const { environment } = services;
  const inside = { dataDir, environment, log, signal };
  await prepare(inside);
  const { DATABASE_URL: databaseUrl = '', TEMPORAL_ADDRESS: address = '' } = environment;
  const template = await copyDatabase(databaseUrl, databaseUrl, 'bench_template');
  // As in production, where workers come with their bundle.
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  writeFileSync(WORKFLOW_BUNDLE, code);

  const start = async (
    startProgram: typeof startApi,
    name: string,
    more: { script?: string; environment?: Environment } = {},
  ) => {
    const folder = join(dataDir, name);
    mkdirSync(folder);
    const own = { ...environment, ...more.environment };
    const program = await startProgram({ ...inside, ...more, environment: own, dataDir: folder });
    undo.push(program.stop);
    return program;
  };
  const openBranch: Shop['openBranch'] = async (name, options) => {
    const own = { ...options.environment, DATABASE_URL: options.databaseUrl, TEMPORAL_TASK_QUEUE: `${name}-bench` };
    const worker = options.worker ? await start(startWorker, `worker-${name}`, { environment: own }) : undefined;
    const program = await start(startApi, `api-${name}`, { environment: own });
    const api = createHttpClient(program.url, { connections: CONNECTIONS });
    undo.push(api.close);
    return {
      api,
      url: program.url,
      databaseUrl: options.databaseUrl,
      customer: createTokenSource(api, 'customer@example.com'),
      manager: createTokenSource(api, 'manager@example.com'),
      pids: { api: program.pid, ...(worker && { worker: worker.pid }) },
      async close() {
        api.close();
        await program.stop();
        await worker?.stop();
      },
    };
  };
  const startBaseline: Shop['startBaseline'] = (script, own) =>
    // Any program that says when it is ready starts as the API does.
    start(startApi, script.replaceAll(/\W/g, '-'), {
      script: join(import.meta.dirname, 'baselines', script),
      environment: own,
    });

  const bareWorker = { script: join(import.meta.dirname, 'baselines/bare/worker.ts') };
  await start(startWorker, 'bare-worker', bareWorker);
  const connection = await Connection.connect({ address });
  undo.push(() => connection.close());
  const { temporal: server } = services.started;
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
    createDatabase: (name) => copyDatabase(databaseUrl, template, name),
    openBranch,
    startBaseline,
    countActions: () => countActions(server?.log ?? '', signal),
  };
}

/** Signs in when it must, so that nothing measured waits for it twice in a run's few minutes. */
function createTokenSource(api: HttpClient, username: string): () => Promise<string> {
  let token: Promise<string> | undefined;
  let since = 0;
  return () => {
    if (!token || performance.now() - since > TOKEN_MS) {
      token = api.signIn(username);
      since = performance.now();
    }
    return token;
  };
}

const startMailSink = (options: { dataDir: string; signal: AbortSignal }): Promise<Service> =>
  startService(
    {
      name: 'mail-sink',
      title: 'The mail sink',
      ports: { smtp: 0 },
      program: ({ smtp }) => ({
        command: process.execPath,
        args: [join(import.meta.dirname, 'baselines/mail-sink.ts')],
        env: { ...process.env, PORT: String(smtp) },
      }),
      url: ({ smtp }) => `smtp://127.0.0.1:${smtp}`,
      isReady: ({ smtp }) => portIsBusy(smtp),
    },
    options,
  );

/** Temporal's own count of actions, once it has been the same for as long as it may lag behind. */
async function countActions(log: string, signal: AbortSignal): Promise<number> {
  // It says at its start where it shows it.
  const page = /^Metrics:\s+http:\/\/\S+?(:\d+\S+)/m.exec(readFileSync(log, 'utf8'))?.[1];
  if (!page) throw new StackError(`Temporal does not say where its metrics are (${log}).`);
  let [count, since] = [-1, 0];
  const isSettled = async () => {
    const response = await fetch(`http://127.0.0.1${page}`, { signal: AbortSignal.timeout(10_000) });
    const counts = (await response.text()).matchAll(/^action\{.*namespace="default".*\} (\S+)$/gm);
    const now = counts.reduce((total, [, each]) => total + Number(each), 0);
    if (now !== count) [count, since] = [now, performance.now()];
    return performance.now() - since > METRICS_LAG_MS;
  };
  await waitFor('The count of actions', isSettled, { deadline: 20_000, every: 200, signal });
  return count;
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
