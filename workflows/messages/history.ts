import type { Payload } from '@temporalio/common';
import { alertOf } from '../../domain/order/alerts.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import type { JournalEntry } from '../../domain/order/journal-entry.ts';
import type { Fact, Order } from '../../domain/order/order.ts';
import type { Start, UpdateResult } from './definitions.ts';
import type { Attribution } from './parse.ts';

/** The used fields of `temporal.api.history.v1.HistoryEvent`. */
interface HistoryEvent {
  eventTime?: { seconds?: unknown } | null;
  workflowExecutionStartedEventAttributes?: { input?: Payloads; continuedExecutionRunId?: string | null } | null;
  workflowExecutionUpdateAcceptedEventAttributes?: {
    protocolInstanceId?: string | null;
    acceptedRequest?: { input?: { args?: Payloads } | null } | null;
  } | null;
  workflowExecutionUpdateCompletedEventAttributes?: {
    meta?: { updateId?: string | null } | null;
    outcome?: { success?: Payloads } | null;
  } | null;
  activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null; input?: Payloads } | null;
}
type Payloads = { payloads?: Payload[] | null } | null;

/** The activities whose first argument is a list of journal entries. */
const journaling = new Set(['journal', 'announce']);

/** Decodes the first payload. */
export type Decode = <T>(payloads: Payload[] | null | undefined) => Promise<T>;

/** The decisions in an order's history. */
export interface Decided {
  /** All entries that the workflow journals: facts first, by version. */
  entries: JournalEntry[];
  /** The order after its last event. */
  order: Order;
}

/**
 * Returns the history events of all runs that Temporal still stores, oldest run first; empty if there is no such workflow.
 *
 * @param read returns the events of one run, by default of the latest; empty if the run was deleted
 */
export async function runsOf<Event extends HistoryEvent>(
  read: (runId?: string) => Promise<Event[]>,
): Promise<Event[][]> {
  const runs: Event[][] = [];
  let runId: string | undefined;
  do {
    const events = await read(runId);
    if (events.length === 0) break;
    runs.unshift(events);
    runId = events[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined;
  } while (runId);
  return runs;
}

/**
 * Reads the decisions from an order's history: from its start, the results of updates, and the inputs of activities that
 * journal, which also contain the effects of signals.
 *
 * @param events of one or more runs, oldest first
 */
export async function decidedIn(events: readonly HistoryEvent[], decode: Decode): Promise<Decided> {
  const found = new Map<string, JournalEntry>();
  const orders: Order[] = [];
  const updateInputs = new Map(
    events.map(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => [
      update?.protocolInstanceId,
      update?.acceptedRequest?.input?.args?.payloads,
    ]),
  );
  for (const event of events) {
    const { entries, order } = await decisionsIn(event, decode, updateInputs);
    if (order) orders.push(order);
    for (const entry of entries) {
      if (entry.kind === 'fact') orders.push(entry.order);
      found.set(nameOf(entry), entry);
    }
  }
  return { entries: [...found.values()].sort(inOrder), order: orders.reduce(later) };
}

/** Returns the facts in an order's history, by version. */
export const factsIn = async (events: readonly HistoryEvent[], decode: Decode): Promise<Fact[]> =>
  (await decidedIn(events, decode)).entries.flatMap((entry) =>
    entry.kind === 'fact' ? [{ event: entry.event, order: entry.order }] : [],
  );

async function decisionsIn(
  event: HistoryEvent,
  decode: Decode,
  updateInputs: ReadonlyMap<string | null | undefined, Payload[] | null | undefined>,
): Promise<{ entries: JournalEntry[]; order?: Order | undefined }> {
  const started = event.workflowExecutionStartedEventAttributes;
  if (started) {
    const { carried, ...placement } = await decode<Start>(started.input?.payloads);
    const entries = [{ kind: 'fact' as const, ...placeOrder(placement) }, ...(carried?.queues.journal ?? [])];
    return { entries, order: carried?.order };
  }
  const completed = event.workflowExecutionUpdateCompletedEventAttributes;
  if (completed?.outcome?.success) {
    const { event: updateEvent, order } = await decode<UpdateResult>(completed.outcome.success.payloads);
    if (!order) return { entries: [] };
    if (updateEvent) return { entries: [{ kind: 'fact', event: updateEvent, order }] };
    const message = updateInputs.get(completed.meta?.updateId);
    // The validator accepted the message, so its key is valid.
    const key = message && (await decode<Attribution>(message)).key;
    const { id: orderId, version } = order;
    return { entries: key ? [{ kind: 'unchanged', orderId, version, at: timeOf(event), key }] : [] };
  }
  const { activityType, input } = event.activityTaskScheduledEventAttributes ?? {};
  if (!journaling.has(activityType?.name ?? '')) return { entries: [] };
  return { entries: await decode<JournalEntry[]>(input?.payloads) };
}

/** Returns the time of an event in the format of RFC 3339, to the second. */
const timeOf = ({ eventTime }: HistoryEvent): string =>
  new Date(Number(String(eventTime?.seconds)) * 1_000).toISOString();

/** Returns the same name for equal entries. */
function nameOf(entry: JournalEntry): string {
  if (entry.kind === 'fact') return entry.event.id;
  if (entry.kind === 'rejected') return entry.id;
  if (entry.kind === 'unchanged') return entry.key.hash;
  return [entry.audience, ...entry.eventIds].join(' ');
}

const later = (one: Order, other: Order): Order =>
  (other.version - one.version || other.flags.length - one.flags.length) > 0 ? other : one;

/** Facts first, by version; an alert comes after the event whose version it shares. */
function inOrder(one: JournalEntry, other: JournalEntry): number {
  if (one.kind !== 'fact' || other.kind !== 'fact') return Number(one.kind !== 'fact') - Number(other.kind !== 'fact');
  return one.event.version - other.event.version || Number(!!alertOf(one.event)) - Number(!!alertOf(other.event));
}
