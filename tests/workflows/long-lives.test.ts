import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import {
  cancelUpdate,
  changeStatusSignal,
  changeStatusUpdate,
  editSignal,
  type OrderRunOptions,
  orderWorkflowType,
  type Start,
  searchAttributes,
} from '../../workflows/messages/definitions.ts';
import { runsOf } from '../../workflows/messages/history.ts';
import { startOptionsOf } from '../../workflows/messages/start-options.ts';
import { createSigningKeys } from '../../workflows/payloads/signing-keys.ts';
import { aLine, aPlacement } from '../domain/an-order.ts';
import { createHeldEmails, type HoldingPoint } from '../faults/held-emails.ts';
import { followChannel } from '../published-events.ts';
import { openShop, type Shop } from '../shop.ts';
import { movesOf } from './outgrow.ts';

const heldEmails = createHeldEmails();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ smtp: heldEmails.smtp });
}, 60_000);
afterAll(() => shop.close());

/** Returns the number of history events of each run of an order, the first run first. */
async function lengthsOfRuns(orderId: string): Promise<number[]> {
  const { workflowId } = shop.workflow(orderId);
  const runs = await runsOf(
    async (runId) => (await shop.temporal.workflow.getHandle(workflowId, runId).fetchHistory()).events ?? [],
  );
  return runs.map(({ length }) => length);
}

describe('an order that clients change all the time', () => {
  test('continues as new without losing a change, a signal or a key', async () => {
    const { body: order } = await shop.place();
    const handle = shop.workflow(order.id);
    const manager = { type: 'manager', id: 'a-manager' } as const;
    const key = (number: number) => ({ hash: `key-${number}`, fingerprint: `request-${number}` });
    const first = { status: 'preparation', actor: manager, key: key(0) } as const;
    await handle.executeUpdate(changeStatusUpdate, { args: [first] });

    const moves = 400;
    for (let move = 1; move < moves; move += 1) {
      const status = move % 2 ? 'waiting' : 'preparation';
      await handle.signal(changeStatusSignal, { status, actor: manager, key: key(move) });
      // The order refuses these signals in every status.
      for (let times = 0; times < 3; times += 1) await handle.signal(changeStatusSignal, { status: 'delivered' });
      // Keeps the order busy, but with few enough unsent emails for the start of a new run.
      await waitFor('emails that keep up', () => shop.emailsAbout(order.id).length > move - 20, { deadline: 30_000 });
    }

    // Temporal rejects updates while many signals arrive.
    await waitFor('the second run', async () => (await lengthsOfRuns(order.id)).length > 1, {
      deadline: 60_000,
      every: 500,
    });
    const again = await handle.executeUpdate(changeStatusUpdate, { args: [first] });
    expect(again).toMatchObject({ replayed: true });
    const other = { ...first, key: { ...first.key, fingerprint: 'another' } };
    await expect(handle.executeUpdate(changeStatusUpdate, { args: [other] })).rejects.toMatchObject({
      cause: { type: 'idempotency_key_reused' },
    });
    const ended = await handle.executeUpdate(cancelUpdate, { args: [{ actor: manager }] });
    expect(ended.order).toMatchObject({ status: 'cancelled', version: moves + 2 });
    await shop.waitForEnd(order.id);
    const { typedSearchAttributes } = await shop.workflow(order.id).describe();
    expect(typedSearchAttributes.get(searchAttributes.status)).toBe('cancelled');
    expect(typedSearchAttributes.get(searchAttributes.number)).toBe(order.number);

    const versions: number[] = await shop
      .database('order_events')
      .where({ order_id: order.id })
      .orderBy('version')
      .pluck('version');
    expect(versions).toEqual(Array.from({ length: moves + 2 }, (_, index) => index + 1));
    expect(await shop.database('order_rejections').where({ order_id: order.id })).toHaveLength((moves - 1) * 3);
    await waitFor('every email', () => shop.emailsAbout(order.id).length === moves + 4, { deadline: 30_000 });
    const runs = await lengthsOfRuns(order.id);
    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...runs)).toBeLessThan(1_000);
  }, 240_000);
});

describe('an order that must continue as new while an email is being sent', () => {
  test.each<[string, HoldingPoint, OrderRunOptions]>([
    ['', 'recipient', { events: 40, announces: true }],
    [', if the server has the whole email', 'whole email', { events: 40, announces: true }],
    [', if an older version started it', 'recipient', { events: 40, firstEmails: true }],
  ])(
    'publishes at once, and gives up no delivery of, the events that arrive meanwhile%s',
    async (_, point, runOptions) => {
      const me = (await shop.request('GET', '/v1/me', { as: shop.customer })).body;
      const start: Start = aPlacement({
        id: randomUUID(),
        customer: { id: me.id },
        // So large that two dozen of its events do not fit into the start of a new run.
        lines: Array.from({ length: 50 }, () => aLine({ id: randomUUID() })),
        placedAt: new Date().toISOString(),
      });
      const published = await followChannel(shop.environment.REDIS_URL as string, `orders:${start.id}`);
      heldEmails.hold(point);
      const handle = await shop.temporal.workflow.start(orderWorkflowType, {
        ...startOptionsOf(start, createSigningKeys([])(start.id)[0]),
        taskQueue: shop.environment.TEMPORAL_TASK_QUEUE as string,
        args: [start, runOptions],
      });
      const moves = movesOf(handle);
      await moves.outgrow();
      await moves.move(60);
      await shop.waitForStatus(start.id, moves.status());
      await waitFor('the messages', () => published.ids.length === moves.count() + 1, { deadline: 20_000 });
      expect(heldEmails.waiting()).toBeGreaterThan(0);
      published.stop();
      if (point === 'whole email') {
        const isCut = async () =>
          (await shop.database('delivery_attempts').where({ outcome: 'unanswered' })).length > 0;
        await waitFor('the end of a cancelled attempt', isCut, { deadline: 60_000 });
      }
      heldEmails.release();

      await shop.waitForStatus(start.id, moves.status());
      await handle.executeUpdate(cancelUpdate, { args: [{ actor: { type: 'manager', id: 'a-manager' } }] });
      await shop.waitForEnd(start.id);
      const emails = await shop.database('deliveries').where({ order_id: start.id, channel: 'email' });
      // An email that the server had, but did not confirm before the run ended, is sent again after an hour.
      const outcomes = point === 'recipient' ? ['sent'] : ['sent', 'retrying'];
      expect(new Set(emails.map(({ outcome }) => outcome))).toEqual(new Set(outcomes));
      const mailed = shop.emailsAbout(start.id).map(({ eventId, to }) => `${eventId} ${to}`);
      expect(mailed).toHaveLength(emails.length);
      expect(new Set(mailed).size).toBe(emails.length);
      expect((await lengthsOfRuns(start.id)).length).toBeGreaterThan(1);
    },
    120_000,
  );
});

// A replay merges a task without commands with the next one, in which the clock shows another time (ADR 9).
test('issues a command for each change, also if no activity can start', async () => {
  heldEmails.hold();
  const { body: order } = await shop.place();
  await waitFor('an email', () => heldEmails.waiting() > 0, { deadline: 20_000 });
  const attributes = async () => {
    const { events } = await shop.workflow(order.id).fetchHistory();
    return events?.filter((event) => event.upsertWorkflowSearchAttributesEventAttributes).length;
  };
  for (const [index, note] of ['Hot', 'Cold', 'Warm'].entries()) {
    await shop.workflow(order.id).signal(editSignal, { note });
    await waitFor('the change', async () => (await attributes()) === index + 1, { deadline: 20_000 });
  }
  heldEmails.release();
}, 60_000);
