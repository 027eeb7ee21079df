import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { reconcileOrder, type WorkflowRecords } from '../activities/reconcile-orders.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { AlertThresholds, Fact } from '../domain/order/order.ts';
import { recipientsOf } from '../domain/order/recipients.ts';
import { orderWorkflowType, type Start } from '../workflows/messages/definitions.ts';
import { startOptionsOf } from '../workflows/messages/start-options.ts';
import type { SigningKeys } from '../workflows/payloads/signing-keys.ts';

interface Dependencies {
  client: Client;
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
  taskQueue: string;
  alertThresholds: AlertThresholds;
  signingKeys: SigningKeys;
}

/** The timeout of the start of a workflow, in ms. */
const START_TIMEOUT_MS = 10_000;

/**
 * Starts a new workflow for an order whose workflow ended too early, for example by termination. The order continues from its
 * last version. Deliveries without a known result are given up, so that no email is sent twice.
 *
 * @returns why the order is not resumed; undefined if it is resumed
 */
export async function resumeOrder(dependencies: Dependencies, orderId: string): Promise<string | undefined> {
  const { client, orders, taskQueue, alertThresholds, signingKeys } = dependencies;
  const { resumable, why } = await reconcileOrder(dependencies, orderId);
  if (!resumable) return why ?? 'Its workflow is running or has completed, or the order does not exist.';
  const [facts, timeline] = await Promise.all([orders.facts(orderId), orders.timeline(orderId)]);
  const rejections = timeline.filter(({ kind }) => kind === 'rejected').length;
  const start = startAfter(facts, rejections, alertThresholds);
  try {
    await client.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      client.workflow.start(orderWorkflowType, {
        ...startOptionsOf(start, signingKeys(start.id)[0]),
        taskQueue,
        // Rejects the start if the workflow has completed meanwhile.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'Another command has just resumed it.';
    throw error;
  }
}

/** @param facts all facts of the order, from Postgres */
function startAfter(facts: Fact[], rejections: number, alertThresholds: AlertThresholds): Start {
  const [first, last] = [facts[0] as Fact, facts.at(-1) as Fact];
  const { id, number, customer, placedBy, location, note, lines, total, placedAt } = first.order;
  const { key, requestId } = first.event;
  const moved = facts.findLast(({ event: { from, to } }) => from !== to) as Fact;
  const givenUp = (['redis', 'customer', 'shop'] as const).map(
    (audience): JournalEntry => ({
      kind: 'given_up',
      orderId: id,
      audience,
      eventIds: facts
        .filter(({ event }) => audience === 'redis' || recipientsOf(event).includes(audience))
        .map(({ event }) => event.id),
      at: new Date().toISOString(),
      error: 'The workflow ended before a result was recorded.',
    }),
  );
  return {
    ...{ id, number, customer, location, note, lines, total, placedAt, patience: alertThresholds, key, requestId },
    ...(placedBy && { placedBy }),
    carried: {
      order: last.order,
      since: Date.parse(moved.event.at),
      rejections,
      queues: { journal: givenUp, redis: [], customer: [], shop: [] },
      // The facts do not contain the keys of edits that made no difference. The API finds these keys in Postgres.
      keys: facts.flatMap(({ event: { key } }) => (key ? [[key.hash, key.fingerprint] as [string, string]] : [])),
    },
  };
}
