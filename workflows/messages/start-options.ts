import { placeOrder } from '../../domain/order/decider.ts';
import { type OrderRunOptions, type Start, searchAttributesOf, workflowIdOf } from './definitions.ts';
import { details, summary } from './describe.ts';

const WAYS: OrderRunOptions = {
  // A worker that takes over orders of a dead one replays their histories, at about half a millisecond an event on an idle
  // machine, and must finish before the workflow task times out (ADR 14).
  events: 250,
  firstEmails: true,
  codePoints: true,
  visibleNames: true,
};

/** How an order's workflow starts, whoever starts it; the task queue and whether it may start again is theirs to say. */
export function startOptionsOf(start: Start, signingKey: string) {
  const { carried, ...placement } = start;
  return {
    workflowId: workflowIdOf(placement.id),
    args: [start, { ...WAYS, signingKey }] as [Start, OrderRunOptions],
    // A dead worker's task is another's after this long (10 s by default).
    workflowTaskTimeout: '4s',
    staticSummary: summary(placement),
    staticDetails: details(placement),
    typedSearchAttributes: searchAttributesOf(carried?.order ?? placeOrder(placement).order),
  } as const;
}
