import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { bareTaskQueue, bareWorkflowType, touchUpdate } from '../baselines/bare/messages.ts';
import { completeOrder, statusSteps } from '../complete-order.ts';
import type { Bench, Result } from '../figure.ts';
import { firstTaskDone } from '../measure/first-task.ts';
import { measureRates } from '../measure/pairs.ts';
import { median } from '../measure/statistics.ts';
import { waitUntilAllIdle } from '../measure/wait-until-idle.ts';
import { number, rateRow } from '../rows.ts';

const CLIENTS = 16;

/** Measures concurrent clients. Compares placing with bare starts, and whole orders with bare workflows with three updates. */
export async function measureClients({ shop, basket, count, duration, signal, log }: Bench): Promise<Result> {
  const clients = count(CLIENTS);
  const { api, temporal, customer } = shop;
  const startBare = (updates: number) => {
    const options = { workflowId: `bare-${randomUUID()}`, taskQueue: bareTaskQueue, args: [updates] };
    return temporal.workflow.start(bareWorkflowType, options);
  };
  const place = async () => {
    const options = { as: await customer(), body: basket, key: randomUUID() };
    const { id } = await api.send<{ id: string }>('POST', '/v1/orders', options);
    return { id, handle: temporal.workflow.getHandle(workflowIdOf(id)) };
  };

  let begun: WorkflowHandle[] = [];
  const settle = async () => {
    const handles = begun;
    begun = [];
    await waitUntilAllIdle(handles, signal);
  };
  log(`Placing, ${clients} clients …`);
  const placing = await measureRates({
    pairs: count(5),
    warmUp: 1,
    clients,
    rampUp: duration(300),
    window: duration(1_200),
    baseline: { work: async () => begun.push(await startBare(0)), settle },
    crema: { work: async () => begun.push((await place()).handle), settle },
    signal,
  });

  log(`Whole orders, ${clients} clients …`);
  const whole = await measureRates({
    pairs: count(5),
    warmUp: 1,
    clients,
    rampUp: duration(1_000),
    window: duration(3_000),
    baseline: {
      async work() {
        const handle = await startBare(statusSteps.length);
        await firstTaskDone(temporal, handle);
        for (const _ of statusSteps) await handle.executeUpdate(touchUpdate);
        await handle.result();
      },
    },
    crema: {
      async work() {
        const { id, handle } = await place();
        await completeOrder(shop, id);
        await handle.result();
      },
    },
    signal,
  });
  const [placed, delivered] = [median(placing.rates.crema), median(whole.rates.crema)];
  return {
    summary: `**Orders**: ${number(delivered * 3_600)} an hour, from placing to the last email. At peaks, ${number(placed)} placed a second.`,
    rows: [
      rateRow(`place, ${clients} clients`, 'bare start', placing),
      rateRow(`a whole order, ${clients} clients`, 'bare workflow, three updates', whole, {
        least: 0.42,
        why: 'Node starts a thread for each call into a workflow (nodejs/node#47739), and Nodemailer composes five emails for each order.',
      }),
    ],
  };
}
