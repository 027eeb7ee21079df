import { type Answer, openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

const ASYNC = { prefer: 'respond-async, wait=5' };

/** Requests the preparation of an order, always with the same Idempotency-Key. */
const startPreparation = (id: string, headers: Record<string, string> = ASYNC): Promise<Answer> =>
  shop.requestUntilKnown('POST', `/v1/orders/${id}/status`, {
    as: shop.manager,
    body: { status: 'preparation' },
    headers: { 'idempotency-key': `prepare-${id}`, ...headers },
  });

function expectAccepted({ status, headers }: Answer, id: string): void {
  expect(status).toBe(202);
  expect(headers.get('preference-applied')).toBe('respond-async');
  expect(headers.get('location')).toBe(`/v1/orders/${id}`);
}

describe('a change with Prefer: respond-async', () => {
  test('is accepted with 202 and applied later', async () => {
    const { id } = (await shop.place()).body;
    expectAccepted(await startPreparation(id), id);
    await shop.waitForStatus(id, 'preparation');
  });

  test('is applied once if the request is repeated', async () => {
    const { id } = (await shop.place()).body;
    for (let times = 0; times < 2; times += 1) expectAccepted(await startPreparation(id), id);
    await shop.waitForStatus(id, 'preparation');
    const replay = await startPreparation(id);
    expectAccepted(replay, id);
    expect(replay.headers.get('idempotency-replayed')).toBe('true');
    await shop.move(id, 'ready');
    await shop.move(id, 'delivered');
    await shop.waitForEnd(id);
    const moves = (await shop.timeline(id)).filter(({ kind }) => kind === 'event');
    expect(moves.map(({ to }) => to)).toEqual(['waiting', 'preparation', 'ready', 'delivered']);
  });

  test('returns its result if the request is repeated without the preference', async () => {
    const { id } = (await shop.place()).body;
    await startPreparation(id);
    await shop.waitForStatus(id, 'preparation');
    const { status, body } = await startPreparation(id, {});
    expect([status, body.version]).toEqual([200, 2]);
  });

  test('is rejected with 409 after the order was delivered', async () => {
    const { id } = (await shop.place()).body;
    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);
    await shop.waitForEnd(id);
    const late = await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, {
      as: shop.manager,
      headers: { prefer: 'respond-async' },
    });
    expect(late.status).toBe(409);
  });
});
