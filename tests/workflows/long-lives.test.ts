import { waitFor } from '../../stack/wait.ts';
import { cancelUpdate, changeStatusSignal, changeStatusUpdate } from '../../workflows/messages/definitions.ts';
import { openShop, type Shop } from '../shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop.close());

/** How many events each run of an order's workflow has, the first run first. */
async function runsOf(orderId: string): Promise<number[]> {
  const { workflowId } = shop.workflow(orderId);
  const description = await shop.workflow(orderId).describe();
  const lengths: number[] = [];
  let runId: string | null | undefined = description.raw.workflowExecutionInfo?.firstRunId;
  while (runId) {
    const run: string = runId;
    const { events = [] } = await shop.temporal.workflow.getHandle(workflowId, run).fetchHistory();
    lengths.push(events?.length ?? 0);
    runId = events?.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId;
  }
  return lengths;
}

describe('When clients never leave an order alone', () => {
  test('then it goes on in new runs, and loses neither a change, nor a signal, nor a key', async () => {
    const { body: order } = await shop.place();
    const handle = shop.workflow(order.id);
    const manager = { type: 'manager', id: 'a-manager' } as const;
    const key = (number: number) => ({ hash: `key-${number}`, fingerprint: `request-${number}` });
    const first = { status: 'preparation', actor: manager, key: key(0) } as const;
    await handle.executeUpdate(changeStatusUpdate, { args: [first] });

    const moves = 1_000;
    for (let move = 1; move < moves; move += 1) {
      const status = move % 2 ? 'waiting' : 'preparation';
      await handle.signal(changeStatusSignal, { status, actor: manager, key: key(move) });
      // Refused wherever the order stands.
      for (let times = 0; times < 3; times += 1) await handle.signal(changeStatusSignal, { status: 'delivered' });
    }

    // While signals pour in, Temporal has no room for an update and says so.
    await waitFor('the second run', async () => (await runsOf(order.id)).length > 1, { deadline: 60_000, every: 500 });
    const again = await handle.executeUpdate(changeStatusUpdate, { args: [first] });
    expect(again).toMatchObject({ replayed: true });
    const other = { ...first, key: { ...first.key, fingerprint: 'another' } };
    await expect(handle.executeUpdate(changeStatusUpdate, { args: [other] })).rejects.toMatchObject({
      cause: { type: 'idempotency_key_reused' },
    });
    const ended = await handle.executeUpdate(cancelUpdate, { args: [{ actor: manager }] });
    expect(ended.order).toMatchObject({ status: 'cancelled', version: moves + 2 });
    await shop.finished(order.id);

    const versions: number[] = await shop
      .database('order_events')
      .where({ order_id: order.id })
      .orderBy('version')
      .pluck('version');
    expect(versions).toEqual(Array.from({ length: moves + 2 }, (_, index) => index + 1));
    expect(await shop.database('order_rejections').where({ order_id: order.id })).toHaveLength((moves - 1) * 3);
    await waitFor('every email', () => shop.mailed(order.id).length === moves + 4, { deadline: 30_000 });
    const runs = await runsOf(order.id);
    expect(runs.length).toBeGreaterThan(1);
    expect(Math.max(...runs)).toBeLessThan(10_000);
  }, 240_000);
});
