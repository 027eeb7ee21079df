import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { connect, type Database } from '../../db/connection.ts';
import { isConflict, isOutage, isReadOnly } from '../../db/outage.ts';
import { prepare } from '../../db/prepared-statement.ts';
import { transact } from '../../db/transaction.ts';
import { copyDatabase, patient } from '../databases.ts';
import { newSigner } from '../notifications/certificate.ts';
import { openShop, type Shop } from '../shop.ts';

const log = { debug() {}, warn() {}, error() {} };

let url: string;
let database: Database;
beforeAll(async () => {
  url = await copyDatabase();
  database = connect(url, { max: 8, log, ...patient });
});
afterAll(() => database.destroy());

const failure = async (work: () => PromiseLike<unknown>): Promise<unknown> => {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail');
};

/** Fails with this SQLSTATE in a transaction, in which statements are not retried. */
const refusedWith = (state: string) =>
  failure(() =>
    database.transaction((transaction) =>
      transaction.raw(`DO $$ BEGIN RAISE EXCEPTION 'as asked for' USING ERRCODE = '${state}'; END $$`),
    ),
  );

test.each(
  '08006 25006 25P03 28000 28P01 3D000 40001 40P01 53100 53200 53300 55P03 57014 57P01 57P02 57P03 58030 XX000'.split(
    ' ',
  ),
)('counts SQLSTATE %s as an outage', async (state) => {
  const error = await refusedWith(state);
  expect(isOutage(error)).toBe(true);
  expect(isConflict(error)).toBe(state.startsWith('40'));
  expect(isReadOnly(error)).toBe(state === '25006');
});

const faults: Record<string, string> = {
  'a sequence that this session has not used': "CREATE TEMPORARY SEQUENCE unused; SELECT currval('unused')",
  'a view that is refreshed before it is filled':
    'CREATE MATERIALIZED VIEW v AS SELECT 1 WITH NO DATA; SELECT * FROM v',
};

test.each(Object.entries(faults))('does not count %s as an outage', async (_, statement) => {
  const error = await failure(() => database.transaction((transaction) => transaction.raw(statement)));
  expect(error).toMatchObject({ code: '55000' });
  expect([isOutage(error), isReadOnly(error)]).toEqual([false, false]);
});

test.each([{ isolationLevel: 'serializable' }, { readOnly: true }] as const)(
  'rejects a transaction with %j',
  async (config) => {
    const error = await failure(() => database.transaction(async () => undefined, config));
    expect(String(error)).toContain('isolationLevel and readOnly are not supported');
  },
);

test.each('21000 22001 23502 23505 25P02 40002 42601 42P01 42501 55000 P0001'.split(' '))(
  'does not retry a statement after SQLSTATE %s',
  async (state) => {
    const error = await refusedWith(state);
    expect([isConflict(error), isOutage(error)]).toEqual([false, state === '40002']);
  },
);

const elsewhere = (change: (url: URL) => void) => {
  return async () => {
    const other = new URL(url);
    change(other);
    const there = connect(other.href, { max: 1, log });
    await there.raw('SELECT 1').finally(() => there.destroy());
  };
};

/** Connects by TLS to a server that presents a wrong certificate, or speaks no TLS. */
const byTls = (encrypt: (socket: Socket) => void) => async () => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    // Postgres' answer to an SSLRequest.
    socket.once('data', () => {
      socket.write('S');
      encrypt(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await elsewhere((there) => Object.assign(there, { port: String(port), search: '?sslmode=verify-full' }))();
  } finally {
    server.close();
  }
};

const withCertificate = (until: string) =>
  byTls((socket) => {
    const { key, pem: cert } = newSigner(new Date(until));
    const options = { isServer: true, key: key.export({ type: 'pkcs8', format: 'pem' }), cert };
    new TLSSocket(socket, options).on('error', () => socket.destroy());
  });

const outages: Record<string, () => PromiseLike<unknown>> = {
  'a changed password': elsewhere((there) => Object.assign(there, { password: 'old' })),
  'a missing database': elsewhere((there) => Object.assign(there, { pathname: '/gone' })),
  'a self-signed certificate': withCertificate('2040-01-01'),
  'an expired certificate': withCertificate('2021-01-01'),
  'a server without TLS': byTls((socket) => socket.write('no TLS')),
  'a closed port': elsewhere((there) => Object.assign(there, { port: '1' })),
  'an unknown host name': elsewhere((there) => Object.assign(there, { hostname: 'crema.invalid' })),
  'a database that allows no connections': async () => {
    const name = (await copyDatabase()).split('/').at(-1)!;
    await database.raw(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`);
    await elsewhere((there) => Object.assign(there, { pathname: `/${name}` }))();
  },
  'a role without the right to connect': async () => {
    const name = `barista_${randomUUID().slice(0, 8)}`;
    await database.raw(`CREATE ROLE ${name} LOGIN PASSWORD 'x'`);
    await database.raw(`REVOKE CONNECT ON DATABASE ${url.split('/').at(-1)} FROM PUBLIC`);
    await elsewhere((there) => Object.assign(there, { username: name, password: 'x' }))();
  },
  'a statement that takes too long': async () => {
    const impatient = connect(url, { max: 1, queryDeadline: 500, log });
    await impatient.raw('SELECT pg_sleep(10)').finally(() => impatient.destroy());
  },
  'a lock that another transaction holds': async () => {
    const holder = await database.transaction();
    await holder('products').forUpdate().select('id');
    await database('products')
      .forUpdate()
      .noWait()
      .select('id')
      .finally(() => holder.rollback());
  },
  'a terminated session': () => database.raw('SELECT pg_terminate_backend(pg_backend_pid())'),
};

test.each(Object.entries(outages))('counts %s as an outage', async (_, work) => {
  expect(isOutage(await failure(work))).toBe(true);
});

test('retries the aborted transaction of a deadlock', async () => {
  const ids: string[] = await database('products').orderBy('id').limit(2).pluck('id');
  const bothLocked = Promise.withResolvers<void>();
  let attempts = 0;
  const update = (first: string, second: string) =>
    transact(database, async (transaction) => {
      await transaction('products').where({ id: first }).update({ position: 1 });
      attempts += 1;
      if (attempts === 2) bothLocked.resolve();
      await bothLocked.promise;
      await transaction('products').where({ id: second }).update({ position: 1 });
    });
  await Promise.all([update(ids[0]!, ids[1]!), update(ids[1]!, ids[0]!)]);
  expect(attempts).toBeGreaterThan(2);
});

describe('when transactions are serializable', () => {
  let shop: Shop;
  beforeAll(async () => {
    const own = await copyDatabase();
    const admin = connect(own, { max: 1 });
    await admin.raw(`ALTER DATABASE ${own.split('/').at(-1)} SET default_transaction_isolation = 'serializable'`);
    await admin.destroy();
    shop = await openShop({ databaseUrl: own });
  }, 60_000);
  afterAll(() => shop?.close());

  test('applies concurrent changes', async () => {
    const price = { amount: 300, currency: 'USD' };
    const products = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        shop.request('POST', '/v1/products', { as: shop.manager, body: { name: `Brew ${index}`, basePrice: price } }),
      ),
    );
    expect(products.map(({ status }) => status)).toEqual(products.map(() => 201));
    const orders = await Promise.all(Array.from({ length: 8 }, () => shop.place()));
    expect(orders.map(({ status }) => status)).toEqual(orders.map(() => 201));
    const moved = await Promise.all(orders.map(({ body }) => shop.move(body.id, 'preparation')));
    expect(moved.map(({ status }) => status)).toEqual(moved.map(() => 200));
  }, 60_000);
});

test('survives a migration that changes the result of a prepared statement', async () => {
  await database.raw('CREATE TABLE menu_board (name text)');
  const menuBoard = prepare('menu-board', 'SELECT * FROM menu_board');
  const read = async () => (await menuBoard(database)).rows;
  await Promise.all([read(), read(), read()]);
  await database.raw('ALTER TABLE menu_board ADD COLUMN price int');
  for (let again = 0; again < 8; again += 1) expect(await read()).toEqual([]);
});

test('rejects a prepared statement that lacks a value', async () => {
  const find = prepare('needs-a-value', 'SELECT :id::text AS id');
  await expect(find(database, { id: undefined })).rejects.toThrow('The statement needs-a-value needs a value for :id');
  expect((await find(database, { id: null })).rows).toEqual([{ id: null }]);
});

test('runs a prepared statement in the transaction that it is given', async () => {
  const at = prepare('cursor-at', 'SELECT 1 FROM webhook_cursor WHERE position = :at::bigint AND :at = position');
  const rowsAt = async (from: Database) => (await at(from, { at: 4_711 })).rows.length;
  await transact(database, async (transaction) => {
    await transaction('webhook_cursor').update({ position: 4_711 });
    expect([await rowsAt(transaction), await rowsAt(database)]).toEqual([1, 0]);
    await transaction('webhook_cursor').update({ position: 0 });
  });
});
