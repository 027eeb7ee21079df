import { waitFor } from '../../stack/wait.ts';
import { openShop, type Shop } from '../shop.ts';
import { type EventStream, follow, type Received } from './event-stream.ts';
import { heapOf, WITH_INSPECTOR } from './process-memory.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ environment: { ...WITH_INSPECTOR, MAX_STREAMS_PER_USER: '1100', MAX_STREAMS: '1100' } });
}, 60_000);
afterAll(() => shop?.close());

const READERS = 1_000;
const waitOptions = { deadline: 60_000, every: 50 };

/** Keeps only the ids, to limit the test's memory. */
const keep = ({ id }: { id?: string }) => ({ id });

const board = (after?: string) => follow(shop, '/v1/orders/events', { as: shop.manager, after, keep });

/** Opens this many streams, 50 at a time. */
async function open(count: number): Promise<EventStream[]> {
  const streams: EventStream[] = [];
  while (streams.length < count) {
    streams.push(...(await Promise.all(Array.from({ length: Math.min(50, count - streams.length) }, () => board()))));
  }
  await Promise.all(streams.map((stream) => stream.receives(1)));
  return streams;
}

/** Returns the events of a reader that disconnects after every few events and resumes. */
async function restless(first: EventStream, isOver: (count: number) => boolean): Promise<string[]> {
  const seen: Received[] = [];
  for (let stream = first; ; stream = await board(seen.at(-1)!.id)) {
    const whole = () => isOver(seen.length + stream.events.length - 1);
    await waitFor('Some more', () => stream.events.length > 4 || whole(), waitOptions);
    stream.close();
    seen.push(...stream.events);
    if (isOver(seen.length - 1)) return seen.slice(1).map(({ data }) => data.id);
  }
}

/** Places an order and moves it to delivered. */
async function served(): Promise<void> {
  const { body } = await shop.place();
  for (const next of ['preparation', 'ready', 'delivered'] as const) {
    expect((await shop.move(body.id, next)).status).toBe(200);
  }
}

test('a thousand readers of one process get each event once, in order, without leaking memory', async () => {
  // Warms up, so that one-time allocations do not count.
  await served();
  for (const stream of await open(50)) stream.close();
  const before = await heapOf(shop.api);

  const streams = await open(READERS);
  expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
  const whileOpen = await heapOf(shop.api);

  let done = false;
  const log = () => shop.database('order_events').orderBy('position').offset(4).pluck('id');
  let all: string[] = [];
  const traffic = (async () => {
    for (let round = 0; round < 3; round += 1) await Promise.all([served(), served(), served()]);
    all = await log();
    done = true;
  })();
  const isOver = (count: number) => done && count >= all.length;
  const restlessReaders = streams.splice(0, 50).map((stream) => restless(stream, isOver));
  await traffic;
  expect(all).toHaveLength(36);

  await waitFor('Everything', () => streams.every(({ events }) => events.length > all.length), waitOptions);
  for (const seen of await Promise.all(restlessReaders)) expect(seen).toEqual(all);
  const wrong = streams.filter((stream) => stream.ids().join() !== all.join());
  expect(wrong).toEqual([]);
  expect(streams.map(({ end }) => end)).toEqual(streams.map(() => 'open'));

  for (const stream of streams) stream.close();
  // Detects a leak of a tenth of the streams. The constant allows for normal variation.
  const allowed = (whileOpen - before) / 10 + 2_000_000;
  expect(whileOpen - before).toBeGreaterThan(2 * allowed);
  await waitFor('The memory', async () => (await heapOf(shop.api)) - before < allowed, waitOptions);
}, 180_000);
