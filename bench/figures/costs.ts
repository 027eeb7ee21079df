import { statSync } from 'node:fs';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { completeOrder, statusSteps } from '../complete-order.ts';
import type { Bench, Result } from '../figure.ts';
import { callWithDeadline } from '../measure/call-with-deadline.ts';
import { waitUntilIdle } from '../measure/wait-until-idle.ts';
import { costOf, MAX_ORDER_COST } from '../order-cost.ts';
import { valueRow } from '../rows.ts';

/** Measurements of the histories of delivered orders in Temporal. Each list has one value per order. */
interface Traces {
  historyEvents: number[];
  bytes: number[];
  workflowTasks: number[];
  /** The average number of billed actions per order. */
  actions: number;
}

/** Measures an order's history, its billed actions, and the size of the workflow bundle. */
export async function measureCosts(bench: Bench): Promise<Result> {
  const { shop, count, log } = bench;
  log('Reading histories …');
  const [slow, fast] = [
    await deliver(bench, count(5), { atRest: true }),
    await deliver(bench, count(5), { atRest: false }),
  ];
  const rowsOf = (
    { historyEvents, bytes, workflowTasks, actions }: Traces,
    how: string,
    most?: typeof MAX_ORDER_COST,
  ) => [
    valueRow(`history of an order, ${how}`, historyEvents, 'events', most && { most: most.historyEvents }),
    valueRow(`size of the history, ${how}`, bytes, 'bytes'),
    valueRow(`workflow tasks of an order, ${how}`, workflowTasks, 'tasks', most && { most: most.workflowTasks }),
    valueRow(`Temporal actions of an order, ${how}`, [actions], 'actions', most && { most: most.actions }),
  ];
  return {
    rows: [
      ...rowsOf(slow, 'at rest', MAX_ORDER_COST),
      ...rowsOf(fast, 'back to back'),
      valueRow('workflow bundle', [statSync(shop.environment.WORKFLOW_BUNDLE!).size / 1_024], 'KB'),
    ],
  };
}

/** Delivers orders one by one. @param atRest whether to wait until all work is finished before each step, as in a shop */
async function deliver(
  { shop, basket, signal }: Bench,
  orders: number,
  { atRest }: { atRest: boolean },
): Promise<Traces> {
  const { api, temporal, customer, manager } = shop;
  const traces: Omit<Traces, 'actions'> = { historyEvents: [], bytes: [], workflowTasks: [] };
  const before = await shop.countActions();
  for (let order = 0; order < orders; order += 1) {
    signal.throwIfAborted();
    const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: await customer(), body: basket });
    const handle = temporal.workflow.getHandle(workflowIdOf(id));
    if (!atRest) await completeOrder(shop, id);
    else {
      for (const status of statusSteps) {
        await waitUntilIdle(handle, signal);
        await api.send('POST', `/v1/orders/${id}/status`, { as: await manager(), body: { status } });
      }
    }
    await callWithDeadline('An order', handle.result());
    const { historyEvents, workflowTasks } = await costOf(handle);
    traces.historyEvents.push(historyEvents);
    traces.workflowTasks.push(workflowTasks);
    traces.bytes.push((await handle.describe()).historySize ?? 0);
  }
  return { ...traces, actions: ((await shop.countActions()) - before) / orders };
}
