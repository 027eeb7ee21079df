import { workflowInfo } from '@temporalio/workflow';
import type { OrderRunOptions } from './messages/definitions.ts';
import type { Outbox } from './outbox.ts';

/** The history length from which an order continues as new even if it must give up deliveries to do so. */
const MAX_HISTORY_EVENTS = 8_000;

/**
 * Whether an order must continue as new because its history is long. Its outbox must then fit into the start of the new run.
 *
 * @param events the history length from which an order continues as new if it must give up no delivery
 */
export function mustContinueAsNew(outbox: Outbox, { events }: Pick<OrderRunOptions, 'events'>): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  // Journal entries are never given up, so they must always fit.
  if (historyLength > MAX_HISTORY_EVENTS) return outbox.fits('journal');
  return (continueAsNewSuggested || historyLength > events) && outbox.fits('journal', 'redis', 'customer', 'shop');
}
