import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import { reconcileOrder, type WorkflowRecords } from '../activities/reconcile-orders.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { AlertThresholds, Fact } from '../domain/order/order.ts';
import { type Audience, recipientsOf } from '../domain/order/recipients.ts';
import { orderWorkflowType, type Start } from '../workflows/messages/definitions.ts';
import { startOptionsOf } from '../workflows/messages/start-options.ts';
import type { SigningKeys } from '../workflows/payloads/signing-keys.ts';

interface Dependencies {
  client: Client;
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
  taskQueue: string;
  patience: AlertThresholds;
  signingKeys: SigningKeys;
}

/** How long Temporal may take to start a workflow, in ms. */
const DEADLINE_MS = 10_000;

/**
 * Starts the workflow of an order anew that lost its own before its end: terminated by hand, say. It goes on from the last
 * version that was decided, so that the shop can deliver or cancel it as any other. What nobody knows to be delivered is
 * given up, not sent again.
 *
 * @returns why it does not go on; nothing if it does
 */
export async function resumeOrder(dependencies: Dependencies, orderId: string): Promise<string | undefined> {
  const { client, orders, taskQueue, patience, signingKeys } = dependencies;
  const { resumable, why } = await reconcileOrder(dependencies, orderId);
  if (!resumable) return why ?? 'Its workflow goes on, or has come to its end, or there is no such order.';
  const [facts, timeline] = await Promise.all([orders.facts(orderId), orders.timeline(orderId)]);
  const rejections = timeline.filter(({ kind }) => kind === 'rejected').length;
  const start = startAfter(facts, rejections, patience, new Date().toISOString());
  try {
    await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.start(orderWorkflowType, {
        ...startOptionsOf(start, signingKeys(start.id)[0]),
        taskQueue,
        // Not after one that has come to its end meanwhile.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
      }),
    );
    return undefined;
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'It has just been resumed.';
    throw error;
  }
}

/** @param facts all of them, as Postgres has them */
function startAfter(facts: Fact[], rejections: number, patience: AlertThresholds, at: string): Start {
  const [first, last] = [facts[0] as Fact, facts.at(-1) as Fact];
  const { id, number, customer, location, note, lines, total, placedAt } = first.order;
  const { key, requestId } = first.event;
  const moved = facts.findLast(({ event: { from, to } }) => from !== to) as Fact;
  const eventsFor = (audience: Audience) =>
    facts.filter(({ event }) => audience === 'redis' || recipientsOf(event).includes(audience));
  const givenUp = (['redis', 'customer', 'shop'] as const).map(
    (audience): JournalEntry => ({
      kind: 'given_up',
      orderId: id,
      audience,
      eventIds: eventsFor(audience).map(({ event }) => event.id),
      at,
      error: 'The workflow ended before it was known to be delivered.',
    }),
  );
  return {
    ...{ id, number, customer, location, note, lines, total, placedAt, patience, key, requestId },
    carried: {
      order: last.order,
      since: Date.parse(moved.event.at),
      rejections,
      queues: { journal: givenUp, redis: [], customer: [], shop: [] },
      // Of edits without a difference, Postgres knows the keys, and is asked first.
      keys: facts.flatMap(({ event: { key } }) => (key ? [[key.hash, key.fingerprint] as [string, string]] : [])),
    },
  };
}
