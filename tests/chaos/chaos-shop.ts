import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { hashPassword } from '../../api/auth/passwords.ts';
import type { Environment } from '../../config/environment.ts';
import { connect, type Database } from '../../db/connection.ts';
import type { Role } from '../../domain/actor.ts';
import { bareEnvironment } from '../../stack/bare-environment.ts';
import { prepare, startApi, startWorker } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { startServices } from '../../stack/services.ts';
import { workflowsPath } from '../../worker/workflows-path.ts';
import { type MailCatcher, startMailCatcher } from './mail-catcher.ts';
import { type Clock, createClock, installFaketime } from './moved-clock.ts';
import { findToxiproxy, type Link } from './toxiproxy.ts';

/** An account with its password. */
export interface Account {
  id: string;
  email: string;
  password: string;
}

/** The shop of a chaos run: two APIs, two workers, their services, and a proxied link between each two. */
export interface ChaosShop {
  /** Contains logs, data and evidence. */
  folder: string;
  apis: Service[];
  workers: Service[];
  /** The services that belong to this shop alone and may be killed. */
  services: Partial<Record<'postgres' | 'temporal' | 'redis' | 'smtp', Service>>;
  catcher: MailCatcher;
  /** The address for emails to the shop. */
  ordersEmail: string;
  links: Link[];
  /** The clocks of the first API and the first worker. */
  clocks: { name: string; clock: Clock }[];
  taskQueue: string;
  bundlePath: string;
  /** Connected directly, not over a link. */
  database: Database;
  temporal: Client;
  /** The faults that this machine cannot cause, one sentence each. */
  missing: string[];
  createAccount(role: Role): Promise<Account>;
  close(): Promise<void>;
}

interface Options {
  folder: string;
  /** Running services that must stay unharmed: a migrated database, Temporal and Redis. Default: none. */
  given?: Environment;
  /** Whether missing tools may be installed. */
  fetchTools: boolean;
  log(line: string): void;
  signal: AbortSignal;
}

const LINKED = [
  { from: 'api', to: 'postgres', variable: 'DATABASE_URL' },
  { from: 'api', to: 'temporal', variable: 'TEMPORAL_ADDRESS' },
  { from: 'api', to: 'redis', variable: 'REDIS_URL' },
  { from: 'worker', to: 'postgres', variable: 'DATABASE_URL' },
  { from: 'worker', to: 'temporal', variable: 'TEMPORAL_ADDRESS' },
  { from: 'worker', to: 'redis', variable: 'REDIS_URL' },
  { from: 'worker', to: 'smtp', variable: 'SMTP_URL' },
] as const;

/** An unavailable Postgres is expected here. */
const silent = { debug() {}, warn() {}, error() {} };

/** The port in an address on this machine. */
const PORT = /(?<=127\.0\.0\.1:)\d+/;

/** Opens the shop in a folder of its own. What was started is stopped again if it fails. */
export async function openChaosShop(options: Options): Promise<ChaosShop> {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await open(options, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { folder, given, fetchTools, log, signal }: Options,
  undo: (() => unknown)[],
): Promise<Omit<ChaosShop, 'close'>> {
  const own = bareEnvironment();
  const taskQueue = `chaos-${randomUUID()}`;
  const ordersEmail = 'shop@crema.example';
  const catcher = await startMailCatcher({ dataDir: join(folder, 'smtp'), signal });
  undo.push(catcher.service.stop);
  const environment: Environment = {
    ...own,
    ...given,
    ENV_FILE: '/dev/null',
    NODE_ENV: 'test',
    // One for both APIs, as behind a proxy: tokens of one are good at the other.
    PUBLIC_URL: 'http://localhost:5000',
    SMTP_URL: catcher.service.url,
    ORDERS_EMAIL: ordersEmail,
    TEMPORAL_TASK_QUEUE: taskQueue,
    // Limits are on, so that Redis is needed, and wider than these few people can ask.
    RATE_LIMIT_PLACING: '10000/60',
    RATE_LIMIT_USER: '100000/60',
    RATE_LIMIT_ANONYMOUS: '100000/60',
    // Short enough for reminders to be due while it runs.
    ORDER_DELAYED_AFTER: '20',
    ORDER_UNCOLLECTED_AFTER: '20',
    // A link that swallows what is sent leaves both sides waiting, and the answer to a mail may be lost.
    EMAIL_TIMEOUT: '10',
    EMAIL_ANSWER_TIMEOUT: '20',
    EMAIL_UNANSWERED_RETRY_AFTER: '5',
  };
  const inside = { dataDir: folder, log, signal };
  // No machine goes down here, so what is written need not reach a disk.
  const services = await startServices({ ...inside, environment, durable: false });
  undo.push(services.stop);
  const direct = services.environment;
  if (!given) await prepare({ ...inside, environment: direct });

  const { links, ways, missing } = await layLinks({ ...inside, fetchTools }, direct, undo);
  if (fetchTools) await installFaketime(inside);
  const bundlePath = direct.WORKFLOW_BUNDLE ?? (await bundle(folder));
  const start = async (startProgram: typeof startApi, kind: 'api' | 'worker', number: number) => {
    const name = `${kind}-${number}`;
    const clock = number === 1 ? createClock(join(folder, `${name}.clock`)) : undefined;
    const program = await startProgram({
      ...inside,
      dataDir: join(folder, name),
      environment: { ...direct, ...ways[kind], ...clock?.environment, WORKFLOW_BUNDLE: bundlePath },
      onLine: writer(folder, name),
    });
    undo.push(program.stop);
    return { program, clocks: clock ? [{ name, clock }] : [] };
  };
  const started = await Promise.all([
    start(startApi, 'api', 1),
    start(startApi, 'api', 2),
    start(startWorker, 'worker', 1),
    start(startWorker, 'worker', 2),
  ]);
  const programs = started.map(({ program }) => program);
  const clocks = started.flatMap((each) => each.clocks);
  if (clocks.length === 0) missing.push('No clock is moved: `faketime` is missing (apt-get install faketime).');

  const database = connect(direct.DATABASE_URL ?? '', {
    max: 4,
    name: 'crema-chaos',
    queryDeadline: 60_000,
    log: silent,
  });
  undo.push(() => database.destroy());
  const connection = await Connection.connect({ address: direct.TEMPORAL_ADDRESS ?? '' });
  undo.push(() => connection.close());

  async function createAccount(role: Role): Promise<Account> {
    const id = randomUUID();
    const account = { id, email: `${id}@example.com`, password: randomUUID() };
    const password_hash = await hashPassword(account.password);
    await database('users').insert({ id, email: account.email, name: `A ${role}`, password_hash, role });
    return account;
  }

  return {
    folder,
    apis: programs.slice(0, 2),
    workers: programs.slice(2),
    services: { ...services.started, smtp: catcher.service },
    catcher,
    ordersEmail,
    links,
    clocks,
    taskQueue,
    bundlePath,
    database,
    temporal: new Client({ connection }),
    missing,
    createAccount,
  };
}

/** Puts a link before each service, one for the APIs and one for the workers, where Toxiproxy can be had. */
async function layLinks(
  inside: Omit<Options, 'folder' | 'given'> & { dataDir: string },
  direct: Environment,
  undo: (() => unknown)[],
) {
  const links: Link[] = [];
  const ways: Record<'api' | 'worker', Environment> = { api: {}, worker: {} };
  const missing: string[] = [];
  const toxiproxy = await findToxiproxy(inside);
  if (toxiproxy) {
    undo.push(toxiproxy.stop);
    for (const { from, to, variable } of LINKED) {
      const address = direct[variable] ?? '';
      const link = await toxiproxy.link(`${from}-to-${to}`, Number(PORT.exec(address)?.[0]));
      links.push(link);
      ways[from][variable] = address.replace(PORT, String(link.port));
    }
  } else {
    missing.push('No connection is disturb: Toxiproxy is missing, and could not be built; that takes Go.');
  }
  return { links, ways, missing };
}

async function bundle(folder: string): Promise<string> {
  const path = join(folder, 'workflow-bundle.js');
  const { code } = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('WARN') });
  writeFileSync(path, code);
  return path;
}

/** Keeps what a program says over all its lives; its own log is that of its last two. */
function writer(folder: string, name: string): (line: string) => void {
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const file = createWriteStream(join(folder, 'logs', `${name}.log`), { flags: 'a' });
  return (line) => file.write(`${line}\n`);
}
