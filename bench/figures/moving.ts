import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { bareTaskQueue, bareWorkflowType, touchUpdate } from '../baselines/bare/messages.ts';
import { statusSteps } from '../complete-order.ts';
import type { Bench, Result } from '../figure.ts';
import { callWithDeadline } from '../measure/call-with-deadline.ts';
import { measurePairs, timed } from '../measure/pairs.ts';
import { waitUntilAllIdle, waitUntilIdle } from '../measure/wait-until-idle.ts';
import { timeRow } from '../rows.ts';

const why = 'the API also checks the request and the key before the update, and journals the event before it answers.';

/**
 * Compares status changes over HTTP, including the write to the read model, with bare updates. Both workflows have finished their
 * first task before.
 */
export async function measureMoving(bench: Bench): Promise<Result> {
  const { count, log } = bench;
  log('Moving back to back …');
  const backToBack = await measureSteps(bench, { orders: count(40), warmUp: count(8), atRest: false });
  log('Moving at rest …');
  const atRest = await measureSteps(bench, { orders: count(25), warmUp: count(3), atRest: true });
  return {
    rows: [
      timeRow('change a status, back to back', 'bare update', backToBack, { most: 1.6, why }),
      timeRow('change a status, at rest', 'bare update', atRest, { most: 1.8, why }),
    ],
  };
}

/**
 * Measures pairs of steps: one order and one bare workflow at a time, with three steps each.
 *
 * @param warmUp how many additional orders are not counted
 * @param atRest whether to wait until the work of a step is finished before the next step
 */
function measureSteps(
  { shop, basket, signal }: Bench,
  { orders, warmUp, atRest }: { orders: number; warmUp: number; atRest: boolean },
) {
  const { api, temporal, customer, manager } = shop;
  let bare: WorkflowHandle;
  let order: { id: string; handle: WorkflowHandle; left: string[] } = { id: '', handle: null as never, left: [] };

  const open = async () => {
    const options = { workflowId: `bare-${randomUUID()}`, taskQueue: bareTaskQueue, args: [statusSteps.length] };
    bare = await temporal.workflow.start(bareWorkflowType, options);
    const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: await customer(), body: basket });
    order = { id, handle: temporal.workflow.getHandle(workflowIdOf(id)), left: [...statusSteps] };
    await waitUntilAllIdle([bare, order.handle], signal);
  };
  const before = async () => {
    if (order.left.length > 0) return;
    if (order.id) await callWithDeadline('An order', order.handle.result());
    await open();
  };
  const baseline = async () => {
    const time = await timed(() => bare.executeUpdate(touchUpdate));
    if (atRest) await waitUntilIdle(bare, signal);
    return [time];
  };
  const crema = async () => {
    const status = order.left.shift();
    const options = { as: await manager(), body: { status }, key: randomUUID() };
    const time = await timed(() => api.send('POST', `/v1/orders/${order.id}/status`, options));
    if (atRest) await waitUntilIdle(order.handle, signal);
    return [time];
  };
  return measurePairs({
    pairs: statusSteps.length * orders,
    warmUp: statusSteps.length * warmUp,
    before,
    baseline,
    crema,
    signal,
  });
}
