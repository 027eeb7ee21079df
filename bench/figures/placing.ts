import { randomUUID } from 'node:crypto';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { bareTaskQueue, bareWorkflowType } from '../baselines/bare/messages.ts';
import type { Bench, Result } from '../figure.ts';
import { measurePairs, timed } from '../measure/pairs.ts';
import { median } from '../measure/statistics.ts';
import { waitUntilAllIdle } from '../measure/wait-until-idle.ts';
import { timeRow } from '../rows.ts';

const why = 'the API also checks the request, reads prices and a number, and journals the order before it answers.';

/** Measures placing an order over HTTP against a bare `workflow.start`, one at a time. */
export async function measurePlacing({ shop, basket, count, signal, log }: Bench): Promise<Result> {
  const { api, temporal, customer, manager } = shop;
  let begun: string[] = [];
  const settle = async () => {
    const handles = begun.map((id) => temporal.workflow.getHandle(id));
    begun = [];
    await waitUntilAllIdle(handles, signal);
  };
  const baseline = async () => {
    const workflowId = `bare-${randomUUID()}`;
    begun.push(workflowId);
    const options = { workflowId, taskQueue: bareTaskQueue, args: [0] };
    return [await timed(() => temporal.workflow.start(bareWorkflowType, options))];
  };
  const placeAs = (caller: () => Promise<string>, body: object) => async () => {
    const [as, key] = [await caller(), randomUUID()];
    const place = async () => {
      const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as, body, key });
      begun.push(workflowIdOf(id));
    };
    return [await timed(place)];
  };
  const crema = placeAs(customer, basket);
  const atCounter = placeAs(manager, { ...basket, customerName: 'Ana' });
  const settled = (side: typeof baseline) => async () => {
    const times = await side();
    await settle();
    return times;
  };

  log('Placing back to back …');
  const backToBack = await measurePairs({ pairs: count(200), warmUp: count(40), baseline, crema, signal });
  await settle();
  log('Placing at the counter …');
  const counter = await measurePairs({ pairs: count(200), warmUp: count(40), baseline, crema: atCounter, signal });
  await settle();
  log('Placing at rest …');
  const sides = { baseline: settled(baseline), crema: settled(crema) };
  const atRest = await measurePairs({ pairs: count(60), warmUp: count(5), ...sides, signal });
  return {
    summary: `**Response times**: placing an order takes ${median(backToBack.crema).toFixed(0)} ms (median).`,
    rows: [
      timeRow('place, back to back', 'bare start', backToBack, { most: 1.6, why }),
      timeRow('place at the counter, with a name, back to back', 'bare start', counter),
      timeRow('place, at rest', 'bare start', atRest, { most: 2.2, why }),
    ],
  };
}
