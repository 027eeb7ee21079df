import pg from 'pg';

/** When order 0, the newest order, was placed. Each further order is a minute older. */
export const NEWEST = new Date('2026-11-01T12:00:00.000Z');
export const placedAtOfOrder = (back: number) => new Date(NEWEST.getTime() - back * 60_000).toISOString();
export const idOfOrder = (back: number) => `00000000-0000-4000-8000-${String(back).padStart(12, '0')}`;

/**
 * The seeded customer, who placed every twentieth order but no cancelled one. The list of this customer's cancelled orders is the
 * slowest case for paging.
 */
export const REGULAR = '0c0ffee0-0000-4000-8000-000000000002';

const DEADLINE_MS = 300_000;

/**
 * Fills the read model of an empty shop. The newest 24 orders are open. Of the others, one in 33 is cancelled and the rest are
 * delivered. There is a customer for every twenty orders.
 */
export async function fillWithOrders(databaseUrl: string, orders: number, signal: AbortSignal): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, statement_timeout: DEADLINE_MS });
  await client.connect();
  const stop = () => void client.end();
  signal.addEventListener('abort', stop);
  try {
    await client.query(
      `INSERT INTO users (id, email, name, password_hash, role)
       SELECT ${customerIdOf('n')}, 'customer-' || n || '@example.com', 'Customer ' || n, '-', 'customer'
       FROM generate_series(1, $1::int) n`,
      [Math.ceil(orders / 20)],
    );
    await client.query(insertOrders, [orders, NEWEST, REGULAR]);
    await client.query('VACUUM ANALYZE orders, users');
    // Without it, a checkpoint would run during a measurement.
    await client.query('CHECKPOINT');
  } finally {
    signal.removeEventListener('abort', stop);
    if (!signal.aborted) await client.end();
  }
}

const customerIdOf = (n: string) => `('10000000-0000-4000-8000-' || lpad((${n})::text, 12, '0'))::uuid`;

/** Inserts the oldest first, as in a real shop. */
const insertOrders = `
  INSERT INTO orders (id, customer_id, number, status, version, snapshot, placed_at)
  SELECT id, customer_id, number, status, version, json_build_object(
    'id', id, 'number', number, 'status', status, 'version', version, 'customer', json_build_object('id', customer_id),
    'location', 'take_away', 'note', null,
    'lines', json_build_array(
      json_build_object('id', gen_random_uuid(), 'productId', gen_random_uuid(), 'variationId', gen_random_uuid(),
        'product', 'Latte', 'variation', 'Vanilla', 'quantity', 2, 'unitPrice', usd(430), 'total', usd(860)),
      json_build_object('id', gen_random_uuid(), 'productId', gen_random_uuid(), 'variationId', null,
        'product', 'Tea', 'variation', null, 'quantity', 1, 'unitPrice', usd(300), 'total', usd(300))),
    'total', usd(1160), 'flags', json_build_array(),
    'cancellation', null, 'placedAt', rfc3339, 'updatedAt', rfc3339), placed_at
  FROM (
    SELECT back, number, status, version, customer_id, placed_at,
      ('00000000-0000-4000-8000-' || lpad(back::text, 12, '0'))::uuid AS id,
      to_char(placed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS rfc3339
    FROM (
      SELECT back, back % 999 + 1 AS number,
        CASE WHEN back < 8 THEN 'waiting' WHEN back < 14 THEN 'preparation' WHEN back < 24 THEN 'ready'
             WHEN back % 33 = 0 AND back % 20 <> 19 THEN 'cancelled' ELSE 'delivered' END AS status,
        CASE WHEN back < 8 THEN 1 WHEN back < 14 THEN 2 WHEN back < 24 THEN 3 ELSE 4 END AS version,
        CASE WHEN back % 20 = 19 THEN $3::uuid
             ELSE ${customerIdOf('back % ceil($1::int / 20.0)::int + 1')} END AS customer_id,
        $2::timestamptz - back * interval '1 minute' AS placed_at
      FROM generate_series($1::int - 1, 0, -1) back
    ) AS counted
  ) AS dated`.replaceAll(/usd\((\d+)\)/g, "json_build_object('amount', $1, 'currency', 'USD')");
