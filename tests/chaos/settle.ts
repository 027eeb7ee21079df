import { recipientsOf } from '../../domain/order/recipients.ts';
import { waitFor } from '../../stack/wait.ts';
import type { ChaosShop } from './chaos-shop.ts';
import { listWorkflows } from './evidence.ts';
import { acknowledgedIn } from './invariants/answers.ts';
import type { Operation } from './operation-log.ts';

/** The timeout for settling, in ms. It is long, because attempts at emails are up to a minute apart. */
const SETTLING_TIMEOUT_MS = 150_000;

/**
 * Waits until all events are recorded and delivered, and the workflows of final orders have ended.
 *
 * @returns what is missing after the timeout; undefined if the shop has settled
 */
export async function waitUntilSettled(shop: ChaosShop, operations: Operation[]): Promise<string | undefined> {
  const { database, temporal, taskQueue } = shop;
  const running = `WorkflowType = 'order' AND TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
  let missing: string | undefined;
  await waitFor(
    'The shop',
    async () => {
      missing = undefined;
      const ids = new Set(await listWorkflows(shop));
      const rows: { id: string; status: string }[] = await database('orders').select('id', 'status');
      const unlisted = [...acknowledgedIn(operations), ...rows.map(({ id }) => id)].filter((id) => !ids.has(id));
      const known = new Set(rows.map(({ id }) => id));
      const rowless = [...ids].filter((id) => !known.has(id));
      const open = rows.filter(({ status }) => !['delivered', 'cancelled'].includes(status)).length;
      const { count } = await temporal.workflow.count(running);
      const events = await database('order_events').pluck('event');
      const settled = await database('deliveries').whereNot({ outcome: 'retrying' });
      const unsent = await database('webhook_deliveries').where({ outcome: 'pending' }).count('id as count').first();
      const settledIds = new Set(
        settled.map(({ event_id, channel, recipient }) => `${event_id} ${channel} ${recipient}`),
      );
      const unsettled = events.flatMap((event) =>
        ['redis orders', ...recipientsOf(event).map((recipient) => `email ${recipient}`)]
          .map((whom) => `${event.id} ${whom}`)
          .filter((delivery) => !settledIds.has(delivery)),
      );
      if (unlisted.length > 0)
        missing = `Temporal lists no workflow of ${unlisted.length} orders, such as ${unlisted[0]}`;
      else if (rowless.length > 0) missing = `${rowless.length} workflows have no row, such as ${rowless[0]}`;
      else if (unsettled.length > 0)
        missing = `${unsettled.length} deliveries are not settled, such as ${unsettled[0]}`;
      else if (unsent?.count) missing = `${unsent.count} webhooks are not delivered`;
      else if (count !== open) missing = `${count} workflows run, and ${open} orders are open`;
      return missing === undefined;
    },
    { deadline: SETTLING_TIMEOUT_MS, every: 500 },
  ).catch((error) => {
    missing ??= (error as Error).message;
  });
  return missing;
}
