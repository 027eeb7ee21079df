import { startApi } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { startOwn } from '../faults/own-services.ts';
import { openShop, type Shop } from '../shop.ts';
import { type EventStream, follow } from './event-stream.ts';

let own: Awaited<ReturnType<typeof startOwn<'redis'>>>;
let shop: Shop;
/** Another process of the API, which serves no requests that change orders. */
let other: Service;
const data = makeDataFolder('other-api');
beforeAll(async () => {
  own = await startOwn('redis');
  const many = '10000/60';
  shop = await openShop({
    environment: {
      ...own.environment,
      PUBLIC_URL: 'http://shop.example',
      // Rate limits make requests use Redis, too.
      RATE_LIMITS: 'on',
      RATE_LIMIT_PLACING: many,
      RATE_LIMIT_USER: many,
      RATE_LIMIT_ANONYMOUS: many,
    },
  });
  other = await startApi({ dataDir: data.path, environment: shop.environment });
}, 90_000);
afterAll(async () => {
  await other?.stop();
  await shop?.close();
  await own?.stop();
  data.remove();
}, 60_000);

/** Places an order and moves it to delivered. Each request succeeds. */
async function served(): Promise<void> {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  for (const next of ['preparation', 'ready', 'delivered'] as const) {
    expect((await shop.move(body.id, next)).status).toBe(200);
  }
}

test('requests and streams are unaffected while Redis is killed, restarted, frozen and resumed', async () => {
  const boards: EventStream[] = [];
  for (const { url } of [shop, other]) boards.push(await follow({ url }, '/v1/orders/events', { as: shop.manager }));
  for (const board of boards) await board.receives(1);
  const told = async () => {
    const ids = await shop.database('order_events').orderBy('position').pluck('id');
    for (const board of boards) {
      await waitFor('Everything', () => board.ids().length >= ids.length, { deadline: 20_000 });
      expect(board.ids()).toEqual(ids);
    }
  };

  const interruptions = [
    () => Promise.resolve(),
    () => own.redis.kill(),
    () => own.redis.start(),
    () => own.redis.kill('SIGSTOP'),
    () => own.redis.kill('SIGCONT'),
  ];
  for (const interrupt of interruptions) {
    const traffic = Promise.all([served(), served()]);
    await interrupt();
    await traffic;
    await served();
    await told();
  }
  expect(boards.map(({ end }) => end)).toEqual(['open', 'open']);

  // A stream can resume on another process.
  const last = boards[0]!.events.at(-1)!.id;
  await served();
  const elsewhere = await follow({ url: other.url }, '/v1/orders/events', { as: shop.manager, after: last });
  expect((await elsewhere.receives(4)).map(({ event }) => event)).toEqual([
    'order.placed',
    ...Array.from({ length: 3 }, () => 'order.status_changed'),
  ]);
  for (const board of [...boards, elsewhere]) board.close();
}, 90_000);
