import { randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { hashPassword } from '../../api/auth/password-hash.ts';
import type { Environment } from '../../config/environment.ts';
import { connect, type Database } from '../../db/connection.ts';
import type { Role } from '../../domain/actor.ts';
import { startApi, startWorker } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { openServices } from '../standalone-shop.ts';
import { writeWorkflowBundle } from '../workflow-bundle.ts';
import { type MailCatcher, startMailCatcher } from './mail-catcher.ts';
import { type Clock, createClock, installFaketime } from './moved-clock.ts';
import { findToxiproxy, type Link } from './toxiproxy.ts';

/** An account with its password. */
export interface Account {
  id: string;
  email: string;
  password: string;
}

/** The shop of a chaos run: two APIs, two workers, their services, and proxied links between the programs and the services. */
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
  /** A migrated database, Temporal and Redis that must stay unharmed, and a workflow bundle. Default: the shop's own. */
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

const SETTINGS = {
  NODE_ENV: 'test',
  // Both APIs have the same public URL, as behind a proxy, so that each accepts the tokens of the other.
  PUBLIC_URL: 'http://localhost:5000',
  ORDERS_EMAIL: 'shop@crema.example',
  // Rate limits are on, so that requests use Redis, but too high to be reached.
  RATE_LIMIT_PLACING: '10000/60',
  RATE_LIMIT_USER: '100000/60',
  RATE_LIMIT_ANONYMOUS: '100000/60',
  // Alerts are due during the run.
  ORDER_DELAYED_AFTER: '20',
  ORDER_UNCOLLECTED_AFTER: '20',
  // Short, because a link that drops all data leaves both sides waiting, and the mail server's answer to an email may be lost.
  EMAIL_TIMEOUT: '10',
  EMAIL_ANSWER_TIMEOUT: '20',
  EMAIL_UNANSWERED_RETRY_AFTER: '5',
};

/** Discards log messages, because faults make Postgres unavailable on purpose. */
const silent = { debug() {}, warn() {}, error() {} };

/** The port in an address on this machine. */
const PORT = /(?<=127\.0\.0\.1:)\d+/;

/** Opens the shop. If that fails, stops the processes that it has started. */
export async function openChaosShop(options: Options): Promise<ChaosShop> {
  const cleanUp = new AsyncDisposableStack();
  const close = () => cleanUp.disposeAsync();
  try {
    return { ...(await open(options, cleanUp)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { given, fetchTools, ...options }: Options,
  cleanUp: AsyncDisposableStack,
): Promise<Omit<ChaosShop, 'close'>> {
  const { folder, log, signal } = options;
  const inside = { dataDir: folder, log, signal };
  const taskQueue = `chaos-${randomUUID()}`;
  const catcher = await startMailCatcher({ dataDir: join(folder, 'smtp'), signal });
  cleanUp.defer(catcher.service.stop);
  const settings: Environment = {
    ...given,
    ...SETTINGS,
    WORKFLOW_BUNDLE: given?.WORKFLOW_BUNDLE ?? (await writeWorkflowBundle(folder)),
    SMTP_URL: catcher.service.url,
    TEMPORAL_TASK_QUEUE: taskQueue,
  };
  // The machine itself does not crash here, so data need not reach the disk.
  const { environment, started, start } = await openServices(
    { ...inside, environment: settings, durable: false },
    cleanUp,
  );
  const { links, linked, missing } = await addLinks({ ...inside, fetchTools }, environment, cleanUp);
  if (fetchTools) await installFaketime(inside);
  const clocks: ChaosShop['clocks'] = [];
  const startNumber = (startProgram: typeof startApi, kind: 'api' | 'worker', number: number) => {
    const name = `${kind}-${number}`;
    const clock = number === 1 ? createClock(join(folder, `${name}.clock`)) : undefined;
    if (clock) clocks.push({ name, clock });
    return start(startProgram, name, {
      environment: { ...linked[kind], ...clock?.environment },
      onLine: writer(folder, name),
    });
  };
  const [firstApi, secondApi, firstWorker, secondWorker] = await Promise.all([
    startNumber(startApi, 'api', 1),
    startNumber(startApi, 'api', 2),
    startNumber(startWorker, 'worker', 1),
    startNumber(startWorker, 'worker', 2),
  ]);
  if (clocks.length === 0) missing.push('No clock is moved: `faketime` is missing (apt-get install faketime).');

  const database = connect(environment.DATABASE_URL ?? '', {
    max: 4,
    name: 'crema-chaos',
    queryDeadline: 60_000,
    log: silent,
  });
  cleanUp.defer(() => database.destroy());
  const connection = await Connection.connect({ address: environment.TEMPORAL_ADDRESS ?? '' });
  cleanUp.defer(() => connection.close());

  return {
    folder,
    apis: [firstApi, secondApi],
    workers: [firstWorker, secondWorker],
    services: { ...started, smtp: catcher.service },
    catcher,
    ordersEmail: SETTINGS.ORDERS_EMAIL,
    links,
    clocks,
    taskQueue,
    bundlePath: environment.WORKFLOW_BUNDLE as string,
    database,
    temporal: new Client({ connection }),
    missing,
    async createAccount(role) {
      const id = randomUUID();
      const account = { id, email: `${id}@example.com`, password: randomUUID() };
      const password_hash = await hashPassword(account.password);
      await database('users').insert({ id, email: account.email, name: `A ${role}`, password_hash, role });
      return account;
    },
  };
}

/**
 * Starts the links, if Toxiproxy is available.
 *
 * @returns the links, the environments that lead over them, and what this machine lacks
 */
async function addLinks(
  inside: Omit<Options, 'folder' | 'given'> & { dataDir: string },
  direct: Environment,
  cleanUp: AsyncDisposableStack,
) {
  const links: Link[] = [];
  const linked: Record<'api' | 'worker', Environment> = { api: {}, worker: {} };
  const missing: string[] = [];
  const toxiproxy = await findToxiproxy(inside);
  if (toxiproxy) {
    cleanUp.defer(toxiproxy.stop);
    for (const { from, to, variable } of LINKED) {
      const address = direct[variable] ?? '';
      const link = await toxiproxy.link(`${from}-to-${to}`, Number(PORT.exec(address)?.[0]));
      links.push(link);
      linked[from][variable] = address.replace(PORT, String(link.port));
    }
  } else {
    missing.push('No connection is disturbed: Toxiproxy is missing, and building it needs Go.');
  }
  return { links, linked, missing };
}

/** Returns a function that writes one log for all starts of a program, because the program's own log contains only the last two. */
function writer(folder: string, name: string): (line: string) => void {
  mkdirSync(join(folder, 'logs'), { recursive: true });
  const file = createWriteStream(join(folder, 'logs', `${name}.log`), { flags: 'a' });
  return (line) => file.write(`${line}\n`);
}
