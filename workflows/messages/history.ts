import type { Payload } from '@temporalio/common';
import { alertOf } from '../../domain/order/alerts.ts';
import { open } from '../../domain/order/decider.ts';
import type { JournalEntry } from '../../domain/order/journal-entry.ts';
import type { Fact } from '../../domain/order/order.ts';
import type { Outcome, Start } from './definitions.ts';

/** What of Temporal's history events matters here (`temporal.api.history.v1.HistoryEvent`). */
interface HistoryEvent {
  workflowExecutionStartedEventAttributes?: { input?: Payloads } | null;
  workflowExecutionUpdateCompletedEventAttributes?: { outcome?: { success?: Payloads } | null } | null;
  activityTaskScheduledEventAttributes?: { activityType?: { name?: string | null } | null; input?: Payloads } | null;
}
type Payloads = { payloads?: Payload[] | null } | null;

/** Reads the first of some payloads. */
export type Decode = <T>(payloads: Payload[] | null | undefined) => Promise<T>;

/**
 * Every fact that stands in an order's history, by version: in its start, in an update's answer, and in what the journal was
 * given (signals have only that).
 */
export async function factsIn(events: readonly HistoryEvent[], decode: Decode): Promise<Fact[]> {
  const found = new Map<string, Fact>();
  for (const event of events) for (const fact of await factsOf(event, decode)) found.set(fact.event.id, fact);
  return [...found.values()].sort(inOrder);
}

async function factsOf(event: HistoryEvent, decode: Decode): Promise<Fact[]> {
  const started = event.workflowExecutionStartedEventAttributes;
  if (started) {
    const { carried: _, ...placement } = await decode<Start>(started.input?.payloads);
    return [open(placement)];
  }
  const answered = event.workflowExecutionUpdateCompletedEventAttributes?.outcome?.success;
  if (answered) {
    const { event, order } = await decode<Outcome>(answered.payloads);
    return event && order ? [{ event, order }] : [];
  }
  const scheduled = event.activityTaskScheduledEventAttributes;
  if (scheduled?.activityType?.name !== 'journal') return [];
  const entries = await decode<JournalEntry[]>(scheduled.input?.payloads);
  return entries.filter((entry) => entry.kind === 'fact').map(({ event, order }) => ({ event, order }));
}

/** By version; an alert comes after the event whose version it shares. */
const inOrder = (one: Fact, other: Fact): number =>
  one.event.version - other.event.version || Number(!!alertOf(one.event)) - Number(!!alertOf(other.event));
