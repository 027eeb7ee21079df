import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';
import { reconcileOrder } from '../../activities/reconcile-orders.ts';
import { createJournal } from '../../db/journal.ts';
import { createOrderRepository } from '../../db/orders.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import { waitFor } from '../../stack/wait.ts';
import { createWorkflowRecords } from '../../worker/workflow-records.ts';
import { changeStatusSignal, workflowIdOf } from '../../workflows/messages/definitions.ts';
import { aPlacement, moveOf } from '../domain/an-order.ts';
import { openShop, type Shop } from '../shop.ts';

const { ResetReapplyExcludeType } = proto.temporal.api.enums.v1;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

/** Returns an order that was ready, and whose workflow was then reset to preparation. */
async function resetOrder(): Promise<string> {
  const { body } = await shop.place();
  for (const status of ['preparation', 'ready'] as const) expect((await shop.move(body.id, status)).status).toBe(200);
  await shop.waitForStatus(body.id, 'ready');
  await reset(body.id, (events) =>
    events.findLastIndex((event) => event.workflowExecutionUpdateAcceptedEventAttributes),
  );
  return body.id;
}

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** Resets an order's workflow to the task before an event. */
async function reset(id: string, indexIn: (events: Events) => number): Promise<void> {
  const { events = [] } = await shop.workflow(id).fetchHistory();
  const before = events?.slice(0, indexIn(events ?? [])) ?? [];
  const { RESET_REAPPLY_EXCLUDE_TYPE_UPDATE, RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL } = ResetReapplyExcludeType;
  await shop.temporal.workflowService.resetWorkflowExecution({
    namespace: shop.temporal.options.namespace,
    workflowExecution: { workflowId: workflowIdOf(id) },
    reason: 'a test',
    requestId: randomUUID(),
    workflowTaskFinishEventId: before.findLast((event) => event.workflowTaskCompletedEventAttributes)?.eventId,
    resetReapplyExcludeTypes: [RESET_REAPPLY_EXCLUDE_TYPE_UPDATE, RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL],
  });
}

const [AT, LATER] = ['2026-11-29T08:00:00.000Z', '2026-11-29T08:00:01.000Z'] as const;

const customerId = async () => (await shop.request('GET', '/v1/me', { as: shop.customer })).body.id as string;

const rowOf = async (id: string) => {
  const { status, version } = await shop.database('orders').where({ id }).first('status', 'version');
  const events = await shop.database('order_events').where({ order_id: id }).orderBy('version').pluck('event');
  return { status, version, statuses: events.map(({ to }) => to) };
};

const reconcile = (id: string) =>
  reconcileOrder(
    {
      records: createWorkflowRecords(shop.temporal, shop.taskQueue),
      orders: createOrderRepository(shop.database),
      journal: createJournal(shop.database),
    },
    id,
  );

test('updates the row of an order whose workflow was reset', async () => {
  const id = await resetOrder();
  const cancelled = await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, {
    as: shop.manager,
    body: { reasonCode: 'other' },
  });
  expect([cancelled.status, cancelled.body.version]).toEqual([200, 3]);
  expect(await rowOf(id)).toEqual({
    status: 'cancelled',
    version: 3,
    statuses: ['waiting', 'preparation', 'cancelled'],
  });
  await shop.waitForEnd(id);
  expect(await reconcile(id)).toMatchObject({ repaired: 0, why: undefined });
});

test('the reconciler sets back a row that is ahead of its reset workflow', async () => {
  const id = await resetOrder();
  expect(await reconcile(id)).toMatchObject({ repaired: 1, why: undefined });
  expect(await rowOf(id)).toEqual({ status: 'preparation', version: 2, statuses: ['waiting', 'preparation'] });
  expect((await shop.move(id, 'ready')).body.version).toBe(3);
  expect(await rowOf(id)).toMatchObject({ status: 'ready', version: 3 });
});

test('ignores a late change from the run before the reset', async () => {
  const id = await resetOrder();
  const stale = await shop.database('order_events').where({ order_id: id, version: 3 }).first('event', 'snapshot');
  expect((await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, { as: shop.manager, body: {} })).status).toBe(
    200,
  );
  expect(await createJournal(shop.database).record({ event: stale.event, order: stale.snapshot })).toBe('already');
  expect(await rowOf(id)).toMatchObject({ status: 'cancelled', version: 3 });
});

test('replaces a fact from before the reset once, even if several processes try', async () => {
  const journal = createJournal(shop.database);
  for (let round = 0; round < 10; round += 1) {
    const first = placeOrder(aPlacement({ id: randomUUID(), customer: { id: await customerId() } }));
    const [stale, next] = [moveOf(first.order, 'preparation', AT), moveOf(first.order, 'preparation', LATER)];
    for (const fact of [first, stale]) expect(await journal.record(fact)).toBe('applied');

    const results = await Promise.all(Array.from({ length: 4 }, () => journal.record(next)));

    expect(results.sort()).toEqual(['already', 'already', 'already', 'applied']);
  }
}, 30_000);

test('sets the row back, and reports it, if a reset workflow was terminated', async () => {
  const id = await resetOrder();
  await shop.workflow(id).terminate();
  expect(await reconcile(id)).toMatchObject({
    repaired: 1,
    why: expect.stringContaining('terminated'),
    resumable: true,
  });
  expect(await rowOf(id)).toMatchObject({ status: 'preparation', version: 2 });
});

test('shows only the rejections that remain valid after a reset', async () => {
  const { body } = await shop.place();
  const refusals = async () =>
    (await shop.timeline(body.id)).filter(({ kind }) => kind === 'rejected').map(({ to }) => to);
  const events = async () => (await shop.workflow(body.id).fetchHistory()).events ?? [];
  const hasRun = async () => (await events()).some((event) => event.workflowTaskCompletedEventAttributes);
  // The reset needs a completed task before the signal.
  await waitFor('the first task', hasRun, { deadline: 20_000 });
  await shop.workflow(body.id).signal(changeStatusSignal, { status: 'delivered' });
  await waitFor('the first refusal', async () => (await refusals()).join() === 'delivered', { deadline: 20_000 });
  await reset(body.id, (events) => events.findIndex((event) => event.workflowExecutionSignaledEventAttributes));
  await shop.workflow(body.id).signal(changeStatusSignal, { status: 'ready' });
  await waitFor('the next refusal', async () => (await refusals()).join() === 'ready', { deadline: 20_000 });
});
