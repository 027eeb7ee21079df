import { isDeepStrictEqual } from 'node:util';
import { cancellationSignal, log } from '@temporalio/activity';
import { errorSummary } from '../db/error-summary.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import { isOutage } from '../db/outage.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Order } from '../domain/order/order.ts';
import { isFinal } from '../domain/order/transitions.ts';

/** The order as Temporal records it. */
export interface OrderRecord {
  /** The journal entries of the runs that Temporal still stores: facts first, by version. */
  entries: JournalEntry[];
  /** The order after its latest event. */
  order: Order;
  /** How the workflow ended, such as `terminated`; undefined if it is running or has returned. */
  ended: string | undefined;
  /** Whether the workflow was reset. The events after the reset point are then void. */
  reset: boolean;
  /** Why the current workflow task fails, as Temporal's name of the cause; undefined if it does not fail. */
  failing: string | undefined;
}

/** Reads the workflows of orders. Every call has a deadline. */
export interface WorkflowRecords {
  /** Returns the ids of orders that have a workflow. @param after `next` of the previous page, '' for the first */
  page(after: string, size: number): Promise<{ orderIds: string[]; next: string }>;
  exists(orderId: string): Promise<boolean>;
  /** @param onProgress called after each call to Temporal */
  find(orderId: string, onProgress: () => void): Promise<OrderRecord | undefined>;
  /** Returns whether an error means that Temporal is unavailable for all orders. */
  isOutage(error: unknown): Promise<boolean>;
}

/** The position of a reconciliation. A reconciliation reads all workflows, then the open orders of the read model. */
export interface Cursor {
  through: 'workflows' | 'rows';
  after: string;
}

interface PageRequest {
  /** Absent for the first page. */
  cursor?: Cursor | undefined;
  size?: number;
}

/** The result for one order. */
export interface Finding {
  orderId: string;
  /** The number of entries that were added to the read model, and of void versions that were removed. */
  repaired: number;
  /** Why an operator must look at the order; undefined if the order has no remaining fault. */
  why: string | undefined;
  /** Whether the order can be resumed, because its workflow ended before the order did. */
  resumable: boolean;
}

/** The result for one page of orders. */
export interface PageResult {
  compared: number;
  /** The orders that were repaired or need an operator. */
  findings: Finding[];
  /** undefined after the last page. */
  next: Cursor | undefined;
}

interface Dependencies {
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
}

/** The number of orders compared at the same time. It is low, so that database connections remain for other activities. */
const CONCURRENCY = 4;

/** Returns the activity that reconciles a page of orders, see {@link reconcilePage}. */
export function createReconcile(dependencies: Dependencies) {
  return async (request: PageRequest): Promise<PageResult> => {
    const page = await reconcilePage(dependencies, request, () => cancellationSignal().throwIfAborted());
    for (const { orderId, repaired, why } of page.findings) {
      if (repaired > 0) log.info('repaired the read model', { orderId, entries: repaired });
      if (why) log.warn('an operator must look at this order', { orderId, why });
    }
    return page;
  };
}

/**
 * Compares a page of orders with their workflows and journals the entries that the read model lacks, for example after Postgres
 * was restored from a backup. Removes only entries that a reset of the workflow made void. Several reconciliations can run at the
 * same time.
 *
 * @param onProgress called after every step
 * @throws when Temporal or Postgres is unavailable
 */
export async function reconcilePage(
  dependencies: Dependencies,
  { cursor = { through: 'workflows', after: '' }, size = 100 }: PageRequest = {},
  onProgress: () => void = () => {},
): Promise<PageResult> {
  const { records, orders } = dependencies;
  const { through, after } = cursor;
  const result: PageResult = { compared: 0, findings: [], next: undefined };
  if (through === 'workflows') {
    const { orderIds, next } = await records.page(after, size);
    onProgress();
    await forEachOf(new Set(orderIds), compare);
    result.next = next ? { through, after: next } : { through: 'rows', after: '' };
  } else {
    const orderIds = await orders.open(after, size);
    await forEachOf(orderIds, async (orderId) => {
      const exists = await records.exists(orderId);
      onProgress();
      if (!exists) await compare(orderId);
    });
    const last = orderIds.at(-1);
    result.next = last && orderIds.length === size ? { through, after: last } : undefined;
  }
  return result;

  async function compare(orderId: string): Promise<void> {
    const finding = await reconcileOrder(dependencies, orderId, onProgress);
    result.compared += 1;
    if (finding.repaired > 0 || finding.why) result.findings.push(finding);
  }
}

async function forEachOf<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const workThroughQueue = async () => {
    for (let item = queue.next(); !item.done; item = queue.next()) await work(item.value);
  };
  // After an error, the other comparisons finish before the activity fails, so that they do not overlap with its retry.
  const results = await Promise.allSettled(Array.from({ length: CONCURRENCY }, workThroughQueue));
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** Compares one order with its workflow, see {@link reconcilePage}. */
export async function reconcileOrder(
  dependencies: Dependencies,
  orderId: string,
  onProgress: () => void = () => {},
): Promise<Finding> {
  try {
    return { orderId, ...(await compare(dependencies, orderId, onProgress)) };
  } catch (error) {
    if (isOutage(error) || (await dependencies.records.isOutage(error))) throw error;
    // An unreadable order must not stop the reconciliation of the others.
    const why = `It cannot be compared: ${errorSummary(error)}.`;
    return { orderId, repaired: 0, why, resumable: false };
  }
}

async function compare(
  { records, orders, journal }: Dependencies,
  orderId: string,
  onProgress: () => void,
): Promise<Omit<Finding, 'orderId'>> {
  const step = async <T>(call: Promise<T>): Promise<T> => {
    const result = await call;
    onProgress();
    return result;
  };
  const readRow = async () => (await step(orders.find(orderId)))?.order;
  const write = async (entries: JournalEntry[]) => {
    for (const entry of entries) await step(journal.write(entry));
  };

  // The row is read before the record. Otherwise a change between the two reads would make the row newer than the record.
  let before = await readRow();
  const record = await records.find(orderId, onProgress);
  if (!record) {
    if (!before || isFinal(before.status)) return { repaired: 0, why: undefined, resumable: false };
    return { repaired: 0, why: `It is ${before.status}, but has no workflow in Temporal.`, resumable: true };
  }
  const { entries, order, reset } = record;
  const ahead = Math.max(versionOf(before) - order.version, 0);
  if (ahead > 0) {
    const isRewound = reset && (await step(journal.rewind(orderId, order.version, versionOf(before))));
    if (!isRewound) {
      const why = `The read model is at version ${versionOf(before)}, its workflow only at ${order.version}.`;
      return { repaired: 0, why, resumable: false };
    }
    before = await readRow();
  }
  const missing = await step(journal.missing(orderId, entries));
  await write(missing);
  if (!before && missing.length > 0) await step(journal.passNumber(order.number));
  let lost = missing.length > 0 ? await step(journal.missing(orderId, missing)) : [];
  const replaced = lost.find((entry) => entry.kind === 'fact');
  // After a reset, the journal may still contain void events with the versions of new ones. Remove them and write the new ones.
  if (reset && replaced && (await step(journal.rewind(orderId, replaced.event.version - 1, order.version)))) {
    await write(entries);
    lost = await step(journal.missing(orderId, missing));
  }
  const now = isDeepStrictEqual(before, order) ? before : await readRow();
  return { repaired: ahead + missing.length - lost.length, ...diagnose(record, lost, before, now) };
}

/** Returns what remains wrong with an order after its repair. */
function diagnose(
  { entries, order, ended, failing }: OrderRecord,
  lost: JournalEntry[],
  before: Order | undefined,
  now: Order | undefined,
): Pick<Finding, 'why' | 'resumable'> {
  const fault = (why: string) => ({ why, resumable: false });
  if (versionOf(now) < order.version) {
    const versions = `The read model is at version ${versionOf(now)}, its workflow at ${order.version}`;
    return fault(`${versions}. Temporal no longer keeps the versions in between.`);
  }
  if (lost.length > 0) {
    return fault(`The read model lacks ${lost.length} of ${entries.length} journal entries and contains later ones.`);
  }
  // Both reads of the row must differ from the workflow's order. If only one differs, the order may have changed meanwhile.
  if ([before, now].every((row) => versionOf(row) === order.version && !isDeepStrictEqual(row, order))) {
    return fault(`At version ${order.version}, the order in the read model differs from its workflow's.`);
  }
  if (failing && !ended) return fault(`Its workflow task keeps failing: ${failing}.`);
  if (!ended || isFinal(order.status)) return { why: undefined, resumable: false };
  return { why: `Its workflow was ${ended} while it was ${order.status}.`, resumable: true };
}

const versionOf = (row: Order | undefined): number => row?.version ?? 0;
