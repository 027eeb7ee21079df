import { randomUUID } from 'node:crypto';
import { connect } from '../../db/connection.ts';
import { waitFor } from '../../stack/wait.ts';
import { reconcileScheduleIdOf } from '../../workflows/messages/definitions.ts';
import { run } from '../config/run-command.ts';
import { copyDatabase } from '../databases.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { startOwn } from './own-services.ts';

// Two shops in one Temporal namespace: one is open, the other has a database and a task queue of its own.

let own: Awaited<ReturnType<typeof startOwn<'temporal'>>>;
let shop: Shop;
let other: Record<string, string>;
beforeAll(async () => {
  own = await startOwn('temporal');
  const temporal = { TEMPORAL_ADDRESS: own.environment.TEMPORAL_ADDRESS as string };
  shop = await openShop({ environment: { ...temporal, TEMPORAL_TASK_QUEUE: 'first-shop' } });
  other = { ...temporal, TEMPORAL_TASK_QUEUE: 'second-shop', DATABASE_URL: await asOtherShop(await copyDatabase()) };
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

/** Turns a copied database into the database of another shop. The time of its migrations identifies a shop. */
async function asOtherShop(url: string): Promise<string> {
  const database = connect(url, { max: 1 });
  await database('knex_migrations').update({ migration_time: new Date() });
  await database.destroy();
  return url;
}

const prepare = (environment: object, ...args: string[]) =>
  run('worker/prepare-namespace.ts', environment as Record<string, string>, ...args);

const done = { code: 0, output: expect.stringContaining('The reconciler runs every') };

const scheduleOf = async (taskQueue: string) => {
  const { spec, action, state } = await shop.temporal.schedule.getHandle(reconcileScheduleIdOf(taskQueue)).describe();
  return {
    every: spec.intervals?.[0]?.every,
    taskQueue: action.taskQueue,
    id: action.workflowId,
    paused: state.paused,
  };
};

test('creates a schedule for each shop', async () => {
  expect(await prepare({ ...shop.environment, RECONCILE_EVERY: '30' })).toEqual(done);
  expect(await prepare({ ...other, RECONCILE_EVERY: '7' })).toEqual(done);

  const minutes = (count: number) => count * 60_000;
  expect(await scheduleOf('first-shop')).toMatchObject({ every: minutes(30), taskQueue: 'first-shop' });
  expect(await scheduleOf('second-shop')).toMatchObject({ every: minutes(7), taskQueue: 'second-shop' });
  expect((await scheduleOf('first-shop')).id).not.toBe((await scheduleOf('second-shop')).id);
}, 60_000);

test('returns 404 for an order of the other shop', async () => {
  const second = await openShop({ worker: false, databaseUrl: other.DATABASE_URL as string, environment: other });
  try {
    const headers = { 'idempotency-key': randomUUID() };
    const { id } = (await shop.place({ headers })).body;
    const path = `/v1/orders/${id}`;
    for (const [method, place] of [
      ['GET', path],
      ['GET', `${path}/timeline`],
      ['POST', `${path}/cancel`],
    ] as const) {
      const answer = await second.requestUntilKnown(method, place, { as: second.manager, body: undefined });
      expectProblem(answer, 'not_found');
    }
    // Seeded users have the same ids in all shops, so their keys lead to the same order ids.
    expectProblem(await second.place({ headers }), 'idempotency_key_reused');
    expect(await second.database('orders').select('id')).toEqual([]);
    expect((await shop.request('GET', path, { as: shop.manager })).body.status).toBe('waiting');
  } finally {
    await second.close();
  }
}, 60_000);

test('refuses to prepare the task queue of another shop', async () => {
  await prepare({ ...shop.environment, RECONCILE_EVERY: '30' });
  const before = await scheduleOf('first-shop');
  const rival = { ...other, TEMPORAL_TASK_QUEUE: 'first-shop', RECONCILE_EVERY: '7' };

  const refused = await prepare(rival);
  expect([refused.code, refused.output]).toEqual([
    1,
    expect.stringMatching(
      /The task queue first-shop of the namespace default belongs to another shop.*TEMPORAL_TASK_QUEUE/,
    ),
  ]);
  expect(await scheduleOf('first-shop')).toEqual(before);
  const strange = { ...rival, PAYLOAD_KEYS: `other:${Buffer.alloc(32, 'other').toString('base64')}` };
  expect(await prepare(strange)).toEqual(refused);
  const reconciled = await run('worker/reconcile.ts', rival);
  expect([reconciled.code, reconciled.output]).toEqual([1, expect.stringContaining('belongs to another shop')]);
  const worker = await run('worker/main.ts', { ...rival, WORKER_HEALTH_PORT: '0' });
  expect([worker.code, worker.output]).toEqual([1, expect.stringContaining('belongs to another shop')]);

  expect(await prepare(rival, '--replace')).toEqual(done);
  expect(await prepare(shop.environment)).toMatchObject({ code: 1 });
  expect(await prepare(shop.environment, '--replace')).toEqual(done);
}, 60_000);

test('replaces the schedule of an earlier version and keeps it paused', async () => {
  const taskQueue = 'upgraded-shop';
  const environment = { ...other, TEMPORAL_TASK_QUEUE: taskQueue };
  const { schedule } = shop.temporal;
  await schedule.create({
    scheduleId: 'reconcile-orders',
    spec: { intervals: [{ every: '60m' }] },
    action: { type: 'startWorkflow', workflowType: 'reconcile', workflowId: 'reconcile', taskQueue, args: [] },
    state: { paused: true, note: 'until Monday' },
  });
  // The schedule of the other shop stays.
  expect(await prepare(other)).toEqual(done);
  expect(await scheduleOf('orders')).toMatchObject({ taskQueue });

  expect(await prepare(environment)).toEqual(done);
  expect(await scheduleOf(taskQueue)).toMatchObject({ taskQueue, paused: true });
  await expect(scheduleOf('orders')).rejects.toThrow('not found');
  expect(await prepare(environment)).toEqual(done);
  expect(await scheduleOf(taskQueue)).toMatchObject({ paused: true });
}, 60_000);

test('reconciles one shop without reading orders and erasures of the other', async () => {
  const { id } = (await shop.place()).body;
  const userId = randomUUID();
  await shop.temporal.workflow.start('erasure', {
    workflowId: `erase-${userId}`,
    taskQueue: 'first-shop',
    args: [{ userId, registeredAt: 0 }, 60_000],
    // The memo cannot be decoded, as if another shop's key had encrypted it.
    memo: { userId, registeredAt: 0 },
  });
  const listed = `WorkflowId IN ('order-${id}', 'erase-${userId}')`;
  await waitFor('The workflows on the list', async () => (await shop.temporal.workflow.count(listed)).count === 2, {
    deadline: 20_000,
  });

  const reconciled = await run('worker/reconcile.ts', other);
  expect([reconciled.code, reconciled.output]).toEqual([0, expect.stringContaining('0 orders compared')]);
  const database = connect(other.DATABASE_URL as string, { max: 1 });
  expect(await database('orders').select('id')).toEqual([]);
  await database.destroy();

  const first = await run('worker/reconcile.ts', shop.environment as Record<string, string>);
  expect([first.code, first.output]).toEqual([0, expect.stringMatching(/^[1-9]\d* orders compared/m)]);
}, 60_000);
