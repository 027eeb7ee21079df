import { waitFor } from '../../stack/wait.ts';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import type { Bench, Result } from '../figure.ts';
import { createHttpClient } from '../http-client.ts';
import { timed } from '../measure/pairs.ts';
import { median } from '../measure/statistics.ts';
import { takeTurns } from '../measure/turns.ts';
import { waitUntilAllIdle } from '../measure/wait-until-idle.ts';
import { number, rateRow } from '../rows.ts';

/** Measures deliveries to a webhook, against a loop of POSTs to the same receiver. */
export async function measureWebhooks({ shop, basket, count, signal, log }: Bench): Promise<Result> {
  const events = count(300);
  const databaseUrl = await shop.createDatabase('bench_webhooks');
  const branch = await shop.openBranch('webhooks', { databaseUrl, worker: true });
  const { api, customer, manager } = branch;
  const program = await shop.startBaseline('receiver.ts', {});
  const receiver = createHttpClient(program.url, { connections: 1 });
  const received = async () => (await receiver.send<{ count: number }>('GET', '/')).count;

  log('Delivering to webhooks …');
  const handles = [];
  for (let event = 0; event < events; event += 1) {
    const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: await customer(), body: basket });
    handles.push(shop.temporal.workflow.getHandle(workflowIdOf(id)));
  }
  await waitUntilAllIdle(handles, signal);
  const hook = { as: await manager(), body: { url: `${program.url}/hook` } };
  const { id } = await api.send<{ id: string }>('POST', '/v1/webhooks', hook);
  const period = { from: new Date(Date.now() - 3_600_000), to: new Date(Date.now() + 3_600_000) };
  const event = { type: 'order.placed', data: { order: await api.send('GET', '/v1/orders', { as: await manager() }) } };

  const baseline = () =>
    timed(async () => {
      for (let left = events; left > 0; left -= 1) await receiver.send('POST', '/', { body: event });
    });
  const crema = async () => {
    const before = await received();
    const as = await manager();
    return timed(async () => {
      await api.send('POST', `/v1/webhooks/${id}/redeliver`, { as, body: period });
      const all = async () => (await received()) >= before + events;
      await waitFor('The last delivery', all, { deadline: 60_000, every: 5, signal });
    });
  };
  const rounds = await takeTurns([baseline, crema], { rounds: count(15), warmUp: 1, signal });
  receiver.close();
  await branch.close();
  await program.stop();

  const rates = rounds.map((times) => times.map((time) => (events / time) * 1_000)) as [number, number][];
  const pairs = {
    rates: { baseline: rates.map(([rate]) => rate), crema: rates.map(([, rate]) => rate) },
    ratios: rates.map(([below, above]) => above / below),
  };
  return {
    summary: `**Webhooks**: ${number(median(pairs.rates.crema))} deliveries a second to one endpoint.`,
    rows: [rateRow('deliveries to a webhook', 'a loop of POSTs', pairs, { least: 0.1 })],
  };
}
