import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import { isOutage } from '../db/outage.ts';
import type { Fact, Order } from '../domain/order/order.ts';
import { isFinal } from '../domain/order/transitions.ts';

/** What Temporal knows of an order. */
export interface WorkflowRecord {
  orderId: string;
  /** `open`; `completed` when the order is final; `broken` when the workflow was ended in any other way. */
  state: 'open' | 'completed' | 'broken';
  /** What became of a broken one, in Temporal's word: `TERMINATED`. */
  status: string;
}

/** The orders' workflows, as far as Temporal still keeps them. */
export interface WorkflowRecords {
  list(): AsyncIterable<WorkflowRecord>;
  find(orderId: string): Promise<WorkflowRecord | undefined>;
  /** The order as its workflow holds it, or ended with; `undefined` if the workflow cannot say. */
  order(record: WorkflowRecord): Promise<Order | undefined>;
  /** Every fact in the workflow's history, by version. */
  facts(orderId: string): Promise<Fact[]>;
}

/** What was found, and what was done about it. */
export interface Reconciliation {
  checked: number;
  /** Orders whose read model was behind, or missing, and is not any more. */
  repaired: string[];
  /** Orders that somebody has to look at. */
  unrepairable: { orderId: string; why: string }[];
}

interface Dependencies {
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
}

/**
 * Compares the read model with the workflows, which own the truth, and journals what the read model lacks: after a restore of
 * Postgres, say. It only ever adds facts that a workflow decided, through the same journal as everybody else, and sends
 * nothing to anyone: so it can run at any time, and twice at once.
 *
 * @param progress called after every order
 */
export async function reconcileOrders(
  { records, orders, journal }: Dependencies,
  progress: (checked: number) => void = () => {},
): Promise<Reconciliation> {
  const result: Reconciliation = { checked: 0, repaired: [], unrepairable: [] };
  const seen = new Set<string>();
  for await (const record of records.list()) {
    if (seen.has(record.orderId)) continue;
    seen.add(record.orderId);
    await check(record.orderId, record);
  }
  for await (const orderId of orders.open()) {
    if (!seen.has(orderId)) await check(orderId, await records.find(orderId));
  }
  return result;

  async function check(orderId: string, record: WorkflowRecord | undefined): Promise<void> {
    // One order that cannot be read must not hide the others.
    const why = await (record ? reconcile(record) : orphaned(orderId)).catch(unlessOutage);
    if (why) result.unrepairable.push({ orderId, why });
    result.checked += 1;
    progress(result.checked);
  }

  /** @returns why it cannot be repaired, if it cannot */
  async function reconcile(record: WorkflowRecord): Promise<string | undefined> {
    const { orderId } = record;
    // The row first: what moves on meanwhile is then never ahead of its workflow.
    const row = await orders.find(orderId);
    const truth = await records.order(record);
    const version = row?.order.version ?? 0;
    if (truth && version === truth.version) return undefined;
    if (truth && version > truth.version) {
      return `The read model is at version ${version}, its workflow only at ${truth.version}.`;
    }
    if (record.state === 'broken' && row && isFinal(row.order.status)) return undefined;
    for (const fact of await records.facts(orderId)) await journal.record(fact);
    const now = (await orders.find(orderId))?.order;
    if ((now?.version ?? 0) > version) result.repaired.push(orderId);
    if (record.state === 'broken') {
      return `Its workflow was ended by Temporal (${record.status}) while the order was ${now?.status ?? 'unknown'}.`;
    }
    // An open workflow goes on journaling by itself: what was decided a moment ago may only be on its way.
    const behind = truth && (now?.version ?? 0) < truth.version;
    return behind && record.state === 'completed'
      ? `The read model is at version ${now?.version ?? 0}, its workflow at ${truth.version}, and its history lacks the rest.`
      : undefined;
  }

  async function orphaned(orderId: string): Promise<string | undefined> {
    const row = await orders.find(orderId);
    if (!row || isFinal(row.order.status)) return undefined;
    return `It is ${row.order.status}, but Temporal knows no workflow of it.`;
  }
}

/** @returns what went wrong with one order; without Postgres there is nothing to say about any */
function unlessOutage(error: unknown): string {
  if (isOutage(error)) throw error;
  return `It cannot be compared: ${error instanceof Error ? error.message : String(error)}.`;
}
