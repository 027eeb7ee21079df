import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

test('a barista moves and cancels orders, and the timeline and the email name the barista', async () => {
  const { id } = (await shop.place()).body;
  const as = shop.barista;
  const me = (await shop.request('GET', '/v1/me', { as })).body.id;
  const seen = await shop.readOrder(id, as);
  expect([seen.status, seen.body.allowedTransitions]).toEqual([200, ['preparation', 'cancelled']]);
  const listed = await shop.request('GET', '/v1/orders', { as });
  expect(listed.body.data.map((order: { id: string }) => order.id)).toContain(id);

  const change = (path: string, body: object) =>
    shop.requestUntilKnown('POST', `/v1/orders/${id}/${path}`, { as, body });
  const moved = await change('status', { status: 'preparation' });
  expect([moved.status, moved.body.status]).toEqual([200, 'preparation']);
  const cancelled = await change('cancel', { reasonCode: 'out_of_stock', reason: 'No beans' });
  expect([cancelled.status, cancelled.body.cancellation.by]).toEqual([200, { type: 'barista', id: me }]);

  await shop.waitForEnd(id);
  const timeline = await shop.timeline(id, as);
  expect(timeline.filter(({ kind }) => kind === 'event').map(({ actor }) => actor?.type)).toEqual([
    'customer',
    'barista',
    'barista',
  ]);
  // The ids are for managers, because only managers can send emails again.
  const deliveries = timeline.filter(({ kind }) => kind === 'delivery');
  expect(deliveries.length).toBeGreaterThan(3);
  expect(deliveries.map(({ deliveryId }) => deliveryId)).toEqual(deliveries.map(() => null));
  const texts = shop.smtp.arrivals.map(({ mail }) => mail.text);
  expect(texts).toContainEqual(expect.stringContaining('cancelled by a barista'));
});
