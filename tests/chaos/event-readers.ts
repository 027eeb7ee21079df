import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Database } from '../../db/connection.ts';
import { createEventLog } from '../../db/event-log.ts';
import { eventTypes } from '../../domain/order/order.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import type { Account } from './chaos-shop.ts';
import type { Random } from './random.ts';

/** Somebody who reads the orders' events from before the first one, and comes back with the last position they saw. */
export interface EventReader {
  name: string;
  /** What it can rely on: each event once and in order, each event at least once, or only that what it hears is true. */
  promised: 'once in order' | 'at least once' | 'best effort';
  /** The ids of the events, in the order in which they came. */
  seen: string[];
  /** What came that should not have. */
  errors: string[];
  stop(): Promise<void>;
}

/** How many facts the log's reader takes at once: few, so that it comes back often. */
const PAGE = 5;

const PAUSE_MS = 100;

/** Reads the log itself, page by page, at every position that it has been at. */
export function readLog(database: Database): EventReader {
  const log = createEventLog(database);
  const seen: string[] = [];
  const stopping = new AbortController();
  const ended = (async () => {
    let position = 0;
    let caughtUp = false;
    while (!(stopping.signal.aborted && caughtUp)) {
      const facts = await log.after(position, { limit: PAGE }).catch(() => undefined);
      for (const fact of facts ?? []) {
        seen.push(fact.event.id);
        position = fact.position;
      }
      caughtUp = facts?.length === 0;
      if (!facts?.length) await delay(PAUSE_MS);
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

/** Gets an access token with a password; `undefined` if there is none now. */
export async function signIn(url: string, { email: username, password }: Account): Promise<string | undefined> {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'crema', username, password });
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body, signal: AbortSignal.timeout(5_000) });
  return answer.ok ? ((await answer.json()) as { access_token: string }).access_token : undefined;
}

/** How long one connection to a stream may last before its reader leaves by itself, in ms. */
const VISIT: [number, number] = [3_000, 15_000];

/** How long a reader waits for what it has not seen yet when it is told to stop, in ms. */
const LAST_VISIT_MS = 3_000;

/**
 * Reads `GET /v1/orders/events` (design §5) of one API or the other, and comes back with `Last-Event-ID`. Begins once it has its
 * snapshot.
 */
export async function readStream(apis: Service[], account: Account, random: Random): Promise<EventReader> {
  const seen: string[] = [];
  const errors: string[] = [];
  let stopped = false;
  let token: string | undefined;
  let last: string | undefined;

  /** One connection, for a while. Whatever ends it, what had come whole has been seen. */
  async function visit(ms: number): Promise<void> {
    const { url } = random.pick(apis);
    token ??= await signIn(url, account);
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
    if (event === 'snapshot' && last !== undefined) errors.push(`came back with ${last}, and was given a snapshot`);
    if (event !== 'snapshot' && data !== undefined) seen.push(JSON.parse(data).id);
    if (id !== undefined) last = id;
  }

  const ended = (async () => {
    while (!stopped) {
      await visit(Math.round(random.between(...VISIT))).catch(() => {});
      await delay(PAUSE_MS);
    }
    await visit(LAST_VISIT_MS).catch(() => {});
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

/** Listens on Redis, where messages may be lost: what it hears must at least be true. */
export function listenToRedis(url: string): EventReader {
  const redis = new Redis(url, { maxRetriesPerRequest: null });
  const seen: string[] = [];
  // It comes back by itself, as often as Redis is killed.
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

/** Receives every event as a webhook, at an endpoint of its own that answers at once. */
export async function receiveWebhooks(api: Service, manager: Account): Promise<EventReader> {
  const receiver = await startReceiver();
  const token = await signIn(api.url, manager);
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
