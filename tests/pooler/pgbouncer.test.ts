import { readFileSync } from 'node:fs';
import { connect } from '../../db/connection.ts';
import { startApi } from '../../stack/programs.ts';
import type { Service } from '../../stack/service.ts';
import { waitFor } from '../../stack/wait.ts';
import { createDatabase, fillDatabase } from '../databases.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';
import { expectIntact } from '../faults/aftermath.ts';
import { openShop, type Shop } from '../shop.ts';
import { follow } from '../streams/event-stream.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { findPgBouncer, startPgBouncer } from './pgbouncer.ts';

/** The number of concurrent orders. They share four connections and have five events each. */
const ORDERS = 6;

const data = makeDataFolder('pgbouncer');
afterAll(() => data.remove());

const program = await findPgBouncer({ dataDir: data.path, log: console.log }).catch((error: Error) => error);
if (program instanceof Error) console.log(`SKIPPED: all tests through PgBouncer. ${program.message}`);
else if (!program.tracksStatements)
  console.log('SKIPPED: the tests with max_prepared_statements, which this PgBouncer does not have.');

/** Settings of PgBouncer, and Crema's warnings about them at its start. */
const setups: Record<string, { settings: Record<string, string | number>; warnings: string[] }> = {
  'keeps no prepared statements': { settings: {}, warnings: ['startup parameter', 'max_prepared_statements'] },
  'ignores startup parameters': {
    settings: { ignore_startup_parameters: 'options,statement_timeout,idle_in_transaction_session_timeout' },
    warnings: ['max_prepared_statements'],
  },
  'keeps prepared statements': { settings: { max_prepared_statements: 100 }, warnings: ['startup parameter'] },
};

if (program instanceof Error) test.skip('runs through PgBouncer', () => {});
else {
  const possible = Object.entries(setups).filter(
    ([, { settings }]) => program.tracksStatements || !('max_prepared_statements' in settings),
  );
  describe.each(possible)('through a PgBouncer in transaction mode that %s', (_, { settings, warnings }) => {
    let pooler: Service;
    let shop: Shop;
    let other: Service;
    let url: string;
    const folder = makeDataFolder('pooler');
    /** Closes what a test has opened. */
    const open: (() => unknown)[] = [];

    beforeAll(async () => {
      const direct = new URL(await createDatabase());
      pooler = await startPgBouncer(
        program,
        direct,
        // Newer versions support them by default.
        { ...(program.tracksStatements && { max_prepared_statements: 0 }), ...settings },
        { dataDir: folder.path },
      );
      url = Object.assign(new URL(pooler.url), { pathname: direct.pathname }).href;
      // Migrations also run through PgBouncer.
      await fillDatabase(url);
      shop = await openShop({ databaseUrl: url, environment: { PUBLIC_URL: 'http://shop.example' } });
      other = await startApi({ dataDir: folder.path, environment: shop.environment });
    }, 90_000);
    afterAll(async () => {
      await Promise.all(open.map((close) => close()));
      await other?.stop();
      await shop?.close();
      await pooler?.stop();
      folder.remove();
    }, 60_000);

    const logged = () => [shop.api, other, shop.worker!].map(({ log }) => readFileSync(log, 'utf8')).join('\n');

    test('supports orders, lists, streams and webhooks', async () => {
      const receiver = await startReceiver();
      const events = ['order.placed', 'order.edited', 'order.status_changed'];
      const hook = await shop.request('POST', '/v1/webhooks', {
        as: shop.manager,
        body: { url: receiver.url, events },
      });
      expect(hook.status).toBe(201);
      const board = await follow({ url: other.url }, '/v1/orders/events', { as: shop.manager });
      open.push(board.close, receiver.close);
      expect(board.status).toBe(200);

      const orders = await Promise.all(
        Array.from({ length: ORDERS }, async () => {
          const { status, body } = await shop.place();
          expect(status).toBe(201);
          const edit = { as: shop.customer, body: { note: 'No sugar' } };
          expect((await shop.requestUntilKnown('PATCH', `/v1/orders/${body.id}`, edit)).status).toBe(200);
          for (const next of ['preparation', 'ready', 'delivered'] as const) {
            expect((await shop.move(body.id, next)).status).toBe(200);
          }
          return body.id as string;
        }),
      );

      const list = await shop.request('GET', '/v1/orders?limit=50', { as: shop.manager });
      expect(list.body.data.map(({ id }: { id: string }) => id).sort()).toEqual([...orders].sort());
      await board.receives(1 + 5 * ORDERS);
      await receiver.waitForRequests(5 * ORDERS);
      await Promise.all(orders.map(shop.waitForEnd));
    }, 90_000);

    test('logs only the missing features of PgBouncer', () => {
      const complaints = logged()
        .split('\n')
        .filter((line) => /pooler|prepared|"severity"/.test(line));
      for (const warning of warnings) {
        expect(complaints.filter((line) => line.includes(warning))).not.toEqual([]);
      }
      expect(complaints.filter((line) => !warnings.some((warning) => line.includes(warning)))).toEqual([]);
    });

    test('limits the time of statements and transactions', async () => {
      const database = connect(url, { max: 1, queryDeadline: 7_000, idleInTransaction: 4_000 });
      const limits =
        "SELECT current_setting('statement_timeout') || ' ' || current_setting('idle_in_transaction_session_timeout') AS all";
      try {
        expect((await database.raw(limits)).rows).toEqual([{ all: '5s 0' }]);
        const inTransaction = await database.transaction((transaction) => transaction.raw(limits));
        expect(inTransaction.rows).toEqual([{ all: '7s 4s' }]);
      } finally {
        await database.destroy();
      }
    });

    test('ends the transaction of a frozen process within seconds', async () => {
      const database = connect(url, { max: 1, idleInTransaction: 3_000 });
      const frozen = () =>
        shop
          .database('pg_stat_activity')
          .where({ state: 'idle in transaction' })
          .whereRaw('datname = current_database()')
          .whereLike('query', '%webhook_cursor%for update%');
      const transaction = await database.transaction();
      try {
        await transaction('webhook_cursor').forUpdate().first();
        await waitFor('The end of the transaction', async () => (await frozen()).length === 0, { deadline: 20_000 });
        await expect(transaction('products').first()).rejects.toThrow();
        expect((await shop.request('GET', '/health/ready')).status).toBe(200);
      } finally {
        await transaction.rollback().catch(() => {});
        await database.destroy();
      }
    });

    test('answers 503 while PgBouncer is down and recovers afterwards', async () => {
      await pooler.kill();
      const { status, body } = await shop.request('GET', '/v1/catalog');
      expect([status, body.code]).toEqual([503, 'unavailable']);
      await pooler.start();
      await waitFor('The shop', async () => (await shop.request('GET', '/health/ready')).status === 200, {
        deadline: 20_000,
      });
      const placed = await shop.place();
      expect(placed.status).toBe(201);
      await expectIntact(shop, placed.body.id);
    }, 60_000);
  });
}
