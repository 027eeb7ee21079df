import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Database } from '../../db/connection.ts';
import { createEventLog } from '../../db/event-log.ts';
import { eventTypes } from '../../domain/order/order.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { signIn } from '../sign-in.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import type { Account } from './chaos-shop.ts';
import type { Random } from './random.ts';

/** Reads the orders' events from the first one on, and resumes from the last position it has seen. */
export interface EventReader {
  name: string;
  /** The guarantee: each event once and in order, each event at least once, or no invented events. */
  promised: 'once in order' | 'at least once' | 'best effort';
  /** The ids of the events, in the order of their arrival. */
  seen: string[];
  /** Unexpected messages. */
  errors: string[];
  stop(): Promise<void>;
}

/** The page size of the log's reader. It is small, so that the reader resumes often. */
const PAGE = 5;

const PAUSE_MS = 100;

/** Reads the event log page by page. */
export function readLog(database: Database): EventReader {
  const log = createEventLog(database);
  const seen: string[] = [];
  const stopping = new AbortController();
  const ended = (async () => {
    let position = 0;
    let caughtUp = false;
    while (!(stopping.signal.aborted && caughtUp)) {
      const page = await log.read(position, { limit: PAGE }).catch(() => undefined);
      for (const fact of page?.facts ?? []) {
        seen.push(fact.event.id);
        position = fact.position;
      }
      caughtUp = page?.facts.length === 0;
      if (!page?.facts.length) await delay(PAUSE_MS);
    }
  })();
  return {
    name: 'the log',
    promised: 'once in order',
    seen,
    errors: [],
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** How long the reader keeps one connection open, in ms. */
const CONNECTION_MS: [number, number] = [3_000, 15_000];

/** How long the last connection stays open, in ms. */
const LAST_CONNECTION_MS = 3_000;

/**
 * Reads `GET /v1/orders/events` from one API or the other, and resumes with `Last-Event-ID`. Returns once the snapshot has arrived.
 */
export async function readStream(apis: Service[], account: Account, random: Random): Promise<EventReader> {
  const seen: string[] = [];
  const errors: string[] = [];
  let stopped = false;
  let token: string | undefined;
  let last: string | undefined;

  /** Reads from one connection until it ends. */
  async function readConnection(ms: number): Promise<void> {
    const { url } = random.pick(apis);
    token ??= await signIn(url, account.email, account.password);
    const response = await fetch(`${url}/v1/orders/events`, {
      headers: { authorization: `Bearer ${token}`, ...(last && { 'last-event-id': last }) },
      signal: AbortSignal.timeout(ms),
    });
    if (response.status === 401) token = undefined;
    if (response.status !== 200 || !response.body) return;
    let rest = '';
    for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + text).split(/\r?\n\r?\n/);
      rest = blocks.pop() ?? '';
      blocks.forEach(take);
    }
  }

  function take(block: string): void {
    const field = (name: string) =>
      block
        .split(/\r?\n/)
        .find((line) => line.startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    const [id, event, data] = [field('id'), field('event'), field('data')];
    if (event === 'snapshot' && last !== undefined) errors.push(`resumed from ${last} and received a snapshot`);
    if (event?.startsWith('order.') && data !== undefined) seen.push(JSON.parse(data).id);
    if (id !== undefined) last = id;
  }

  const ended = (async () => {
    while (!stopped) {
      await readConnection(Math.round(random.between(...CONNECTION_MS))).catch(() => {});
      await delay(PAUSE_MS);
    }
    await readConnection(LAST_CONNECTION_MS).catch(() => {});
  })();
  await waitFor('The snapshot of the event stream', () => last !== undefined, { deadline: 20_000 });
  return {
    name: 'the event stream',
    promised: 'once in order',
    seen,
    errors,
    async stop() {
      stopped = true;
      await ended;
    },
  };
}

/** Subscribes to Redis, where messages may be lost. */
export function listenToRedis(url: string): EventReader {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const seen: string[] = [];
  // Errors are ignored, because ioredis reconnects by itself.
  redis.on('error', () => {});
  redis.on('message', (_, message) => seen.push(JSON.parse(message).id));
  redis.subscribe('orders').catch(() => {});
  return {
    name: 'Redis',
    promised: 'best effort',
    seen,
    errors: [],
    async stop() {
      redis.disconnect();
    },
  };
}

/** Receives every event as a webhook, at its own endpoint, which answers at once. */
export async function receiveWebhooks(api: Service, manager: Account): Promise<EventReader> {
  const receiver = await startReceiver();
  const token = await signIn(api.url, manager.email, manager.password);
  const answer = await fetch(`${api.url}/v1/webhooks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: receiver.url, events: eventTypes }),
    signal: AbortSignal.timeout(10_000),
  });
  if (answer.status !== 201) throw new Error(`The webhook was not registered: ${answer.status}`);
  const seen: string[] = [];
  receiver.behaviour = (response) => {
    seen.push(receiver.received.at(-1)?.event.id);
    response.writeHead(204).end();
  };
  return { name: 'webhooks', promised: 'at least once', seen, errors: [], stop: receiver.close };
}
