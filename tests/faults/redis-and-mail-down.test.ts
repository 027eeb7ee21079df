import { Redis } from 'ioredis';
import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';
import { startOwn } from './own-services.ts';

let own: Awaited<ReturnType<typeof startOwn<'redis' | 'mail'>>>;
let shop: Shop;
let redis: Redis;
const messages: { channel: string; id: string }[] = [];

beforeAll(async () => {
  own = await startOwn('redis', 'mail');
  shop = await openShop({ environment: own.environment });
  redis = new Redis(own.redis.url, { retryStrategy: () => 20 });
  redis.on('error', () => {});
  redis.on('pmessage', (_, channel, message) => messages.push({ channel, id: JSON.parse(message).id }));
  await redis.psubscribe('orders*');
}, 90_000);
afterAll(async () => {
  redis?.disconnect();
  await shop?.close();
  await own?.stop();
}, 60_000);

const waitOptions = { deadline: 20_000, every: 50 };

/** Returns the versions of an order published on one channel, in the order of their arrival. */
const publishedOn = (channel: string, id: string) =>
  messages.filter((message) => message.channel === channel && message.id.startsWith(id)).map(versionOf);

const versionOf = ({ id }: { id: string }) => Number(id.split(':')[1]);

interface CaughtEmail {
  id: string;
  time: string;
  to: { address: string }[];
  headers: Record<string, string>;
}

/** Returns the emails about an order from the mail catcher, the oldest first. */
async function emailsAbout(orderId: string): Promise<{ eventId: string; to: string }[]> {
  const mails = (await (await fetch(`${own.mail.page}/api/email`)).json()) as CaughtEmail[];
  return mails
    .map(({ headers, to }) => ({ eventId: String(headers['x-crema-event-id']), to: to[0]!.address }))
    .filter(({ eventId }) => eventId.startsWith(orderId));
}

/** Places an order and moves it to ready. */
async function startedOrder(): Promise<string> {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  for (const next of ['preparation', 'ready'] as const) expect((await shop.move(body.id, next)).status).toBe(200);
  return body.id;
}

/** Returns whether these activities of an order have failed and are being retried. */
async function failing(id: string, types: string[]): Promise<boolean> {
  const { raw } = await shop.workflow(id).describe();
  return types.every((type) =>
    raw.pendingActivities?.some(({ activityType, attempt }) => activityType?.name === type && (attempt ?? 0) >= 3),
  );
}

test('delivers everything in order after Redis and the mail server restart', async () => {
  await Promise.all([own.redis.kill(), own.mail.kill()]);
  const orders = await Promise.all([startedOrder(), startedOrder()]);
  for (const id of orders) {
    expect((await shop.readOrder(id)).body.version).toBe(3);
    await waitFor('A retry', () => failing(id, ['publish', 'email']), waitOptions);
  }

  // Redis stores no messages for later subscribers, so the test must have subscribed before the worker continues.
  await shop.worker!.kill('SIGSTOP');
  await Promise.all([own.redis.start(), own.mail.start()]);
  await waitFor('The subscription', async () => (await numberOfSubscriptions()) > 0, waitOptions);
  await shop.worker!.kill('SIGCONT');

  for (const id of orders) {
    await expectIntact(shop, id, { emailsAbout });
    await waitFor('The messages', () => publishedOn('orders', id).length >= 3, waitOptions);
    expect(publishedOn('orders', id)).toEqual([1, 2, 3]);
    expect(publishedOn(`orders:${id}`, id)).toEqual([1, 2, 3]);
    expect(await streamed(id)).toEqual([1, 2, 3]);
    const customers = (await emailsAbout(id)).filter(({ to }) => to === 'customer@example.com');
    expect(customers.map(({ eventId }) => Number(eventId.split(':')[1]))).toEqual([1, 2, 3]);
  }
}, 60_000);

/** Returns the versions of an order in the Redis stream. */
async function streamed(id: string): Promise<number[]> {
  const asker = new Redis(own.redis.url);
  try {
    const entries = await asker.xrange('orders:events', '-', '+');
    const events = entries.map(([, fields]) => JSON.parse(fields[1] as string) as { id: string });
    return events.filter((event) => event.id.startsWith(id)).map((event) => versionOf({ id: event.id }));
  } finally {
    asker.disconnect();
  }
}

async function numberOfSubscriptions(): Promise<number> {
  const asker = new Redis(own.redis.url);
  try {
    return Number(await asker.pubsub('NUMPAT'));
  } finally {
    asker.disconnect();
  }
}

test('keeps requests and emails working while Redis hangs, and publishes the rest later', async () => {
  await own.redis.kill('SIGSTOP');
  const id = await startedOrder();
  await waitFor('The emails', async () => (await emailsAbout(id)).length === 4, waitOptions);
  await waitFor('A retry', () => failing(id, ['publish']), waitOptions);
  await own.redis.kill('SIGCONT');

  await expectIntact(shop, id, { emailsAbout });

  await waitFor('The messages', () => publishedOn('orders', id).includes(3), waitOptions);
  // A message that Redis had received before it hung is not repeated.
  expect(publishedOn('orders', id)).toEqual([1, 2, 3]);
  expect(publishedOn(`orders:${id}`, id)).toEqual([1, 2, 3]);
  expect(await streamed(id)).toEqual([1, 2, 3]);
}, 60_000);

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(3);
}, 60_000);
