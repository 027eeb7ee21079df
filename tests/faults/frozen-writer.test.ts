import { connect } from '../../db/connection.ts';
import { openShop, retryWhileUnavailable, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

test('ends the transaction of a frozen process within seconds', async () => {
  const product = { name: 'Iced Latte', basePrice: { amount: 300, currency: 'USD' } };
  const { id } = (await shop.request('POST', '/v1/products', { as: shop.manager, body: product })).body;
  const frozen = connect(String(shop.environment.DATABASE_URL), { max: 1 });
  const transaction = await frozen.transaction();
  try {
    await transaction('products').where({ id }).forUpdate().first();
    const change = () => shop.request('PATCH', `/v1/products/${id}`, { as: shop.manager, body: { position: 3 } });
    // Each change has a timeout of 5 s. Without the limit for idle transactions, none would succeed.
    expect((await retryWhileUnavailable(change)).status).toBe(200);
    await expect(transaction('products').first()).rejects.toThrow(/idle-in-transaction|connection/i);
  } finally {
    await transaction.rollback().catch(() => {});
    await frozen.destroy();
  }
});

test('sets timeouts on connections to Postgres', async () => {
  const database = connect(String(shop.environment.DATABASE_URL), { max: 1 });
  const { rows } = await database.raw(
    `SELECT name, setting FROM pg_settings WHERE name ~ '^(idle_in_transaction|tcp_(keepalives|user)|statement_timeout)' ORDER BY name`,
  );
  await database.destroy();
  const settings = Object.fromEntries(rows.map(({ name, setting }: Record<string, string>) => [name, Number(setting)]));
  expect(settings).toEqual({
    idle_in_transaction_session_timeout: 3_000,
    statement_timeout: 5_000,
    tcp_keepalives_count: 3,
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_user_timeout: 15_000,
  });
});
