import { waitFor } from '../../stack/wait.ts';
import { cancelSignal, changeStatusSignal } from '../../workflows/messages/definitions.ts';
import { followChannel } from '../published-events.ts';
import { openShop, retryWhileUnknown, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';
import { expectUnknown, moveOnce, timed } from './unknown.ts';

let shop: Shop;
let published: Awaited<ReturnType<typeof followChannel>>;
/** Orders that were changed while no worker ran, by change. */
const orders: Record<string, string> = {};
/** The keys of their changes. */
const keys: Record<string, string> = {};

beforeAll(async () => {
  shop = await openShop();
  published = await followChannel(process.env.REDIS_URL as string);
}, 60_000);
afterAll(async () => {
  published?.stop();
  await shop?.close();
}, 60_000);

async function placed(): Promise<string> {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  return body.id;
}

describe('while the worker is down', () => {
  beforeAll(async () => {
    orders.seen = await placed();
    await shop.move(orders.seen, 'preparation');
    await expectIntact(shop, orders.seen);
    await shop.worker!.kill();
  }, 30_000);

  test('places and returns orders', async () => {
    orders.moved = await placed();

    const read = await shop.readOrder(orders.moved);

    expect(read.status).toBe(200);
    expect(read.body).toMatchObject({ status: 'waiting', version: 1 });
    expect(shop.emailsAbout(orders.moved)).toEqual([]);
  });

  test('answers outcome_unknown to a change, with advice for a retry', async () => {
    orders.named = await placed();
    const [seen, moved, given] = await Promise.all([
      timed(() => moveOnce(shop, orders.seen!, 'ready')),
      timed(() => moveOnce(shop, orders.moved!, 'preparation')),
      timed(() => moveOnce(shop, orders.named!, 'preparation', 'my-own-key')),
    ]);

    keys.seen = expectUnknown(seen);
    keys.moved = expectUnknown(moved);
    keys.named = expectUnknown(given);
    expect(keys.named).toBe('my-own-key');
  });

  test('lets an operator cancel orders that no worker has processed', async () => {
    orders.signalled = await placed();
    await shop.workflow(orders.signalled).signal(cancelSignal, { reasonCode: 'shop_closed', reason: 'Power cut' });
    orders.cancelled = await placed();
    await shop.workflow(orders.cancelled).cancel();
    orders.both = await placed();
    await shop.workflow(orders.both).signal(changeStatusSignal, { status: 'delivered' });
    await shop.workflow(orders.both).signal(cancelSignal);
    await shop.workflow(orders.both).cancel();
  });
});

describe('after the worker has restarted', () => {
  beforeAll(() => shop.worker!.start(), 30_000);

  test.each([
    ['that a worker had processed', 'seen', 'ready', 3],
    ['that no worker had processed', 'moved', 'preparation', 2],
    ['that no worker had processed, with the client’s own key', 'named', 'preparation', 2],
  ])('applies once, and returns to retries, the change of an order %s', async (_, name, status, version) => {
    const retry = () => moveOnce(shop, orders[name]!, status, keys[name]!);
    expect((await retryWhileUnknown(retry)).status).toBe(200);

    const again = await retry();

    expect(again.status).toBe(200);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ status, version });
    expect(await expectIntact(shop, orders[name]!)).toMatchObject({ status, version });
  });

  test.each([
    ['by signal', 'signalled', { reasonCode: 'shop_closed', reason: 'Power cut', by: { type: 'operator' } }],
    ['in Temporal', 'cancelled', { reasonCode: 'other', reason: 'Cancelled in Temporal', by: { type: 'operator' } }],
    ['both ways', 'both', { reasonCode: null, reason: null, by: { type: 'operator' } }],
  ])('cancels, journals, mails and publishes an order cancelled %s', async (_, name, cancellation) => {
    const id = orders[name]!;

    expect(await expectIntact(shop, id)).toMatchObject({ status: 'cancelled', version: 2, cancellation });

    const mails = shop.emailsAbout(id).map(({ eventId, to }) => `${eventId.split(':')[1]} ${to}`);
    expect(mails.sort()).toEqual([
      '1 customer@example.com',
      '1 shop@crema.example',
      '2 customer@example.com',
      '2 shop@crema.example',
    ]);
    const ofOrder = () => published.ids.filter((event) => event.startsWith(id));
    await waitFor('The messages', () => ofOrder().length >= 2, { deadline: 20_000 });
    expect(ofOrder()).toEqual([`${id}:1`, `${id}:2`]);
    const read = await shop.readOrder(id);
    expect(read.body).toMatchObject({ status: 'cancelled', version: 2 });
  });

  test('records changes that are no longer allowed as rejected', async () => {
    const rejected = (await shop.timeline(orders.both!)).filter(({ kind }) => kind === 'rejected');
    expect(rejected).toMatchObject([
      { to: 'delivered', reason: 'illegal_transition', actor: { type: 'operator' } },
      { to: 'cancelled', reason: 'illegal_transition', actor: { type: 'operator' } },
    ]);
  });
});

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBe(6);
}, 60_000);
