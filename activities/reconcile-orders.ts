import { isDeepStrictEqual } from 'node:util';
import { errorSummary } from '../db/error-summary.ts';
import type { Journal } from '../db/journal.ts';
import type { OrderRepository } from '../db/orders.ts';
import { isOutage } from '../db/outage.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Order } from '../domain/order/order.ts';
import { isFinal } from '../domain/order/transitions.ts';

/** What Temporal keeps of an order's workflow. */
export interface OrderRecord {
  /** Everything that it had to write down, in an order in which it can be written; of runs that are gone, nothing. */
  entries: JournalEntry[];
  /** As it was last decided. */
  order: Order;
  /** How Temporal ended it, where it did not end by itself: `terminated`. */
  ended: string | undefined;
  /** Whether it was reset: what it had decided after that point does not count any more. */
  reset: boolean;
  /** Why its present workflow task fails, in Temporal's words, if it does. */
  failing: string | undefined;
}

/** The orders' workflows, as far as Temporal still keeps them. Every call has a deadline. */
export interface WorkflowRecords {
  /** The ids of orders that have a workflow, a page at a time. @param after what the page before said; '' at first */
  page(after: string, size: number): Promise<{ orderIds: string[]; next: string }>;
  exists(orderId: string): Promise<boolean>;
  /** @param alive called after each of the calls that this takes */
  find(orderId: string, alive: () => void): Promise<OrderRecord | undefined>;
  /** Whether an error says that Temporal does not answer, rather than that something is wrong with an order. */
  isAway(error: unknown): Promise<boolean>;
}

/** How far a reconciliation has come: first through the workflows, then through the open orders of the read model. */
export interface Cursor {
  through: 'workflows' | 'rows';
  after: string;
}

/** What was found of one order. */
export interface Finding {
  orderId: string;
  /** How many entries the read model lacked and has now. */
  repaired: number;
  /** Why somebody has to look at it, if somebody has to. */
  why: string | undefined;
  /** Its workflow has ended before the order has: it can be resumed. */
  resumable: boolean;
}

/** What came of one page of orders. */
export interface Page {
  compared: number;
  /** Of orders with something to tell. */
  findings: Finding[];
  /** Where to go on; nothing after the last page. */
  next: Cursor | undefined;
}

interface Dependencies {
  records: WorkflowRecords;
  orders: OrderRepository;
  journal: Journal;
}

/** Orders that are compared side by side; the worker's other activities need connections, too. */
const AT_ONCE = 4;

/**
 * Compares one page of orders with their workflows, which own the truth, and journals what the read model lacks: after a
 * restore of Postgres, say. It adds what a workflow decided, through the same journal as everybody else, and takes back only
 * what a reset has undone: so it can run at any time, and twice at once.
 *
 * @param cursor nothing for the first page
 * @param alive called after every step
 * @throws when Temporal or Postgres is away
 */
export async function reconcilePage(
  dependencies: Dependencies,
  { cursor = { through: 'workflows', after: '' }, size = 100 }: { cursor?: Cursor | undefined; size?: number } = {},
  alive: () => void = () => {},
): Promise<Page> {
  const { records, orders } = dependencies;
  const { through, after } = cursor;
  const page: Page = { compared: 0, findings: [], next: undefined };
  if (through === 'workflows') {
    const { orderIds, next } = await records.page(after, size);
    alive();
    await each(new Set(orderIds), compare);
    page.next = next ? { through, after: next } : { through: 'rows', after: '' };
  } else {
    const orderIds = await orders.open(after, size);
    await each(orderIds, async (orderId) => {
      const exists = await records.exists(orderId);
      alive();
      if (!exists) await compare(orderId);
    });
    const last = orderIds.at(-1);
    page.next = last && orderIds.length === size ? { through, after: last } : undefined;
  }
  return page;

  async function compare(orderId: string): Promise<void> {
    const finding = await reconcileOrder(dependencies, orderId, alive);
    page.compared += 1;
    if (finding.repaired > 0 || finding.why) page.findings.push(finding);
  }
}

async function each<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async () => {
    for (let item = queue.next(); !item.done; item = queue.next()) await work(item.value);
  };
  // All are over when this ends: nothing goes on behind a retry's back.
  const lanes = await Promise.allSettled(Array.from({ length: AT_ONCE }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
}

/** Compares one order with its workflow and journals what the read model lacks of it; see {@link reconcilePage}. */
export async function reconcileOrder(
  dependencies: Dependencies,
  orderId: string,
  alive: () => void = () => {},
): Promise<Finding> {
  try {
    return { orderId, ...(await compare(dependencies, orderId, alive)) };
  } catch (error) {
    if (isOutage(error) || (await dependencies.records.isAway(error))) throw error;
    // One order that cannot be read must not hide the others.
    const why = `It cannot be compared: ${errorSummary(error)}.`;
    return { orderId, repaired: 0, why, resumable: false };
  }
}

async function compare(
  { records, orders, journal }: Dependencies,
  orderId: string,
  alive: () => void,
): Promise<Omit<Finding, 'orderId'>> {
  const rowOf = async () => {
    const view = await orders.find(orderId);
    alive();
    return view?.order;
  };
  const missingOf = async (entries: JournalEntry[]) => {
    const missing = await journal.missing(orderId, entries);
    alive();
    return missing;
  };
  const write = async (missing: JournalEntry[]) => {
    for (const entry of missing) {
      await journal.write(entry);
      alive();
    }
  };
  const rewind = async (version: number, from: number) => {
    const rewound = await journal.rewind(orderId, version, from);
    alive();
    return rewound;
  };
  // The row first: what moves on meanwhile is then never ahead of its workflow.
  let before = await rowOf();
  const record = await records.find(orderId, alive);
  if (!record) {
    if (!before || isFinal(before.status)) return found(0);
    return found(0, `It is ${before.status}, but Temporal knows no workflow of it.`, true);
  }
  const { entries, order, ended, reset, failing } = record;
  const ahead = Math.max(at(before) - order.version, 0);
  if (ahead > 0) {
    if (!reset || !(await rewind(order.version, at(before)))) {
      return found(0, `The read model is at version ${at(before)}, its workflow only at ${order.version}.`);
    }
    before = await rowOf();
  }
  const missing = await missingOf(entries);
  await write(missing);
  if (!before && missing.length > 0) await journal.passNumber(order.number);
  let lost = missing.length > 0 ? await missingOf(missing) : [];
  const replaced = lost.find((entry) => entry.kind === 'fact');
  // The clock of what was decided before the reset was ahead of today's.
  if (reset && replaced && (await rewind(replaced.event.version - 1, order.version))) {
    await write(entries);
    lost = await missingOf(missing);
  }
  const repaired = ahead + missing.length - lost.length;
  const same = (row: Order | undefined) => isDeepStrictEqual(row, order);
  const now = same(before) ? before : await rowOf();

  if (at(now) < order.version) {
    const versions = `The read model is at version ${at(now)}, its workflow at ${order.version}`;
    return found(repaired, `${versions}; Temporal does not keep what lies between any more.`);
  }
  if (lost.length > 0) {
    const lacks = `lacks ${lost.length} of ${entries.length} entries of its journal`;
    return found(repaired, `The read model ${lacks}, and has gone on without.`);
  }
  // Looked at twice, as it may have moved on in between.
  if ([before, now].every((row) => at(row) === order.version && !same(row))) {
    return found(repaired, `At version ${order.version}, the read model shows another order than its workflow.`);
  }
  if (failing && !ended) return found(repaired, `Its workflow task fails again and again: ${failing}.`);
  if (!ended || isFinal(order.status)) return found(repaired);
  return found(repaired, `Its workflow was ${ended} while it was ${order.status}.`, true);
}

const at = (row: Order | undefined): number => row?.version ?? 0;

const found = (repaired: number, why?: string, resumable = false) => ({ repaired, why, resumable });
