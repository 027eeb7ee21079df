import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { z } from 'zod';
import type { timeline } from '../api/orders/schemas.ts';
import { clientConnection } from '../config/temporal-connection.ts';
import type { MenuItem } from '../db/catalog-view.ts';
import { connect, type Database } from '../db/connection.ts';
import type { Status } from '../domain/order/transitions.ts';
import type { Exit } from '../stack/process/guarded-process.ts';
import { startApi, startWorker } from '../stack/programs.ts';
import type { Service } from '../stack/service.ts';
import { waitFor } from '../stack/wait.ts';
import { readNamespaceSettings } from '../worker/settings.ts';
import { workflowIdOf } from '../workflows/messages/definitions.ts';
import { createPayloadCodec } from '../workflows/payloads/codec.ts';
import { copyDatabase, patient } from './databases.ts';
import { type SmtpOptions, startSmtp } from './email/mail-servers.ts';
import { keepOnFailure, makeDataFolder } from './evidence/keep-on-failure.ts';
import { signIn } from './sign-in.ts';

/** An answer of the API. */
export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: answers have many shapes
  body: any;
}

export interface RequestOptions {
  /** An access token. Default: an unauthenticated request. */
  as?: string;
  /** Sent as JSON, unless it is a string. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** An entry of an order's timeline, as the API returns it. */
export type TimelineEntry = z.infer<typeof timeline>['data'][number];

/** A shop for one test file, with a database, a task queue, an API, a worker and an SMTP server of its own. */
export interface Shop {
  url: string;
  database: Database;
  temporal: Client;
  taskQueue: string;
  /** The environment of API and worker. */
  environment: NodeJS.ProcessEnv;
  /** Decodes the payloads of this shop in Temporal. */
  dataConverter: DataConverter;
  /** Access tokens of the seeded users. */
  customer: string;
  barista: string;
  manager: string;
  api: Service;
  /** Running only if the shop was opened with one, or after {@link Shop.openWorker}. */
  worker: Service | undefined;
  smtp: Awaited<ReturnType<typeof startSmtp>>;
  /** The exits of API and workers that a test has ended by a signal to their process id, oldest first. */
  exits: ({ name: string; pid: number } & Exit)[];
  openWorker(): Promise<Service>;
  /** Sends one request. */
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /**
   * Sends a request, and repeats it with the answer's idempotency key while the outcome is unknown, because on a busy machine a
   * worker may take longer than the API waits.
   *
   * @param timeout in ms, see {@link retryWhileUnknown}
   */
  requestUntilKnown(method: string, path: string, options?: RequestOptions, timeout?: number): Promise<Answer>;
  signIn(username: string, password?: string): Promise<string>;
  /** Returns a line of an order: `line('Latte', 'Vanilla', 2)`. */
  line(product: string, variation?: string, quantity?: number): Promise<Record<string, unknown>>;
  /** Places an order as the customer, by default one Vanilla Latte, until the outcome is known. */
  place(options?: RequestOptions): Promise<Answer>;
  /** Moves an order as the manager, until the outcome is known. */
  move(orderId: string, status: Status): Promise<Answer>;
  /** Reads an order, by default as the customer. */
  readOrder(id: string, as?: string): Promise<Answer>;
  /** Returns the timeline of an order, by default as managers see it. */
  timeline(id: string, as?: string): Promise<TimelineEntry[]>;
  workflow(orderId: string): WorkflowHandle;
  /** Returns the emails about an order that have arrived so far. */
  emailsAbout(orderId: string): { eventId: string; to: string; subject: string }[];
  /** Waits until the read model shows this status. */
  waitForStatus(orderId: string, status: Status): Promise<void>;
  /** Waits until the order's workflow has ended, after all deliveries. */
  waitForEnd(orderId: string): Promise<void>;
  close(): Promise<void>;
}

export interface ShopOptions {
  /** Whether to start a worker. Default: true. */
  worker?: boolean;
  /** Overrides the addresses of the shared services and the defaults. */
  environment?: Record<string, string>;
  /** A migrated and seeded database. Default: a copy on the shared Postgres. */
  databaseUrl?: string;
  /** Options of the shop's SMTP server. By default, it accepts every email. */
  smtp?: SmtpOptions;
}

/** The timeout of a request, and of waiting for a result, in ms. */
const TIMEOUT_MS = 20_000;

/** Repeats a request while its answer meets the condition, or until the timeout (in ms). Returns the last answer. */
async function retryWhile(
  condition: (answer: Answer) => boolean,
  ask: () => Promise<Answer>,
  timeout: number,
): Promise<Answer> {
  const start = performance.now();
  for (;;) {
    const answer = await ask();
    if (!condition(answer) || performance.now() - start > timeout) return answer;
    await delay(100);
  }
}

/**
 * Repeats a request until the outcome is known, as a 503 `outcome_unknown` advises. Returns the last answer.
 *
 * @param ask sends the request with its key
 * @param timeout of all attempts, in ms; longer than 20 s only if a worker is started meanwhile
 */
export const retryWhileUnknown = (ask: () => Promise<Answer>, timeout = TIMEOUT_MS): Promise<Answer> =>
  retryWhile(({ body }) => body?.code === 'outcome_unknown', ask, timeout);

/** Repeats a request while a service of the API does not answer in time, for at most 20 s. Returns the last answer. */
export const retryWhileUnavailable = (ask: () => Promise<Answer>): Promise<Answer> =>
  retryWhile(({ status }) => status === 503, ask, TIMEOUT_MS);

export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const data = makeDataFolder('shop');
  const dataDir = data.path;
  const databaseUrl = options.databaseUrl ?? (await copyDatabase());
  const smtp = await startSmtp(options.smtp);
  const environment = {
    ...process.env,
    NODE_ENV: 'test',
    // Tests send more requests than the limits allow.
    RATE_LIMITS: 'off',
    DATABASE_URL: databaseUrl,
    TEMPORAL_TASK_QUEUE: `orders-${randomUUID()}`,
    SMTP_URL: smtp.url,
    ORDERS_EMAIL: 'shop@crema.example',
    ...options.environment,
  };
  const exits: Shop['exits'] = [];
  const onDeath = ({ name, pid }: Service, exit: Exit) => exits.push({ name, pid, ...exit });
  const [api, worker] = await Promise.all([
    startApi({ dataDir, environment, onDeath }),
    options.worker === false ? undefined : startWorker({ dataDir, environment, onDeath }),
  ]);
  const database = connect(databaseUrl, { max: 4, name: 'crema-test', ...patient });
  const temporalConfig = readNamespaceSettings(environment);
  const connection = await Connection.connect(clientConnection(temporalConfig));
  // Decoding needs no failure converter, which Jest cannot load.
  const dataConverter = { payloadCodecs: [createPayloadCodec(temporalConfig.PAYLOAD_KEYS)] };
  const temporal = new Client({ connection, dataConverter });
  const stopKeeping = keepOnFailure(temporal, temporalConfig.TEMPORAL_TASK_QUEUE);

  const requests = createRequests(api.url);
  const [customer, barista, manager] = await Promise.all([
    requests.signIn('customer@example.com'),
    requests.signIn('barista@example.com'),
    requests.signIn('manager@example.com'),
  ]);
  const shop: Shop = {
    url: api.url,
    database,
    temporal,
    taskQueue: temporalConfig.TEMPORAL_TASK_QUEUE,
    environment,
    dataConverter,
    customer,
    barista,
    manager,
    api,
    worker,
    smtp,
    exits,
    async openWorker() {
      shop.worker = await startWorker({ dataDir, environment, onDeath });
      return shop.worker;
    },
    ...requests,
    ...createOrderActions(requests, customer, manager),
    workflow: (orderId) => temporal.workflow.getHandle(workflowIdOf(orderId)),
    emailsAbout: (orderId) => emailsOf(smtp).filter(({ eventId }) => eventId.startsWith(orderId)),
    async waitForEnd(orderId) {
      await waitFor(
        `the end of order ${orderId}`,
        async () => (await shop.workflow(orderId).describe()).status.name === 'COMPLETED',
        { deadline: TIMEOUT_MS },
      );
    },
    async close() {
      stopKeeping();
      await Promise.all([api.stop(), shop.worker?.stop()]);
      await Promise.all([database.destroy(), connection.close(), smtp.close()]);
      data.remove();
    },
  };
  return shop;
}

type Requests = Pick<Shop, 'request' | 'requestUntilKnown' | 'signIn' | 'line'>;

function createRequests(url: string): Requests {
  async function request(method: string, path: string, { as, body, headers }: RequestOptions = {}): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        ...(as && { authorization: `Bearer ${as}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json');
    return { status: response.status, headers: response.headers, body: json && text ? JSON.parse(text) : text };
  }

  function requestUntilKnown(
    method: string,
    path: string,
    { headers, ...options }: RequestOptions = {},
    timeout?: number,
  ) {
    let key: Record<string, string> = {};
    return retryWhileUnknown(async () => {
      const answer = await request(method, path, { ...options, headers: { ...headers, ...key } });
      const named = answer.headers.get('idempotency-key');
      if (named) key = { 'idempotency-key': named };
      return answer;
    }, timeout);
  }

  async function line(product: string, variation?: string, quantity = 1): Promise<Record<string, unknown>> {
    const { body } = await request('GET', '/v1/catalog');
    const item = (body.data as MenuItem[]).find(({ name }) => name === product);
    const variationId = item?.variations.find(({ name }) => name === variation)?.id;
    return { productId: item?.id, ...(variationId && { variationId }), quantity };
  }

  return { request, requestUntilKnown, signIn: (username, password) => signIn(url, username, password), line };
}

const createOrderActions = (
  { request, requestUntilKnown, line }: Requests,
  customer: string,
  manager: string,
): Pick<Shop, 'place' | 'move' | 'readOrder' | 'timeline' | 'waitForStatus'> => ({
  async place({ body, ...rest } = {}) {
    const order = body ?? { lines: [await line('Latte', 'Vanilla')] };
    return requestUntilKnown('POST', '/v1/orders', { as: customer, body: order, ...rest });
  },
  move: (orderId, status) =>
    requestUntilKnown('POST', `/v1/orders/${orderId}/status`, { as: manager, body: { status } }),
  readOrder: (id, as = customer) => request('GET', `/v1/orders/${id}`, { as }),
  timeline: async (id, as = manager) => (await request('GET', `/v1/orders/${id}/timeline`, { as })).body.data,
  waitForStatus: (orderId, status) =>
    waitFor(
      `${status} for order ${orderId}`,
      async () => (await request('GET', `/v1/orders/${orderId}`, { as: manager })).body.status === status,
      { deadline: TIMEOUT_MS },
    ),
});

const emailsOf = ({ arrivals }: Shop['smtp']) =>
  arrivals.map(({ mail, to }) => ({
    eventId: String(mail.headers.get('x-crema-event-id')),
    to: to.join(),
    subject: String(mail.subject),
  }));
