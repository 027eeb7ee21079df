import { placeOrder } from '../../domain/order/decider.ts';
import { type OrderRunOptions, type Start, searchAttributesOf, workflowIdOf } from './definitions.ts';
import { details, summaryOfOrder } from './describe.ts';

const RUN_OPTIONS: OrderRunOptions = {
  // Keeps histories short. A worker that takes over the orders of a dead worker replays their histories, at about half a
  // millisecond an event on an idle machine, and must finish before the workflow task times out (ADR 14).
  events: 250,
  announces: true,
  codePoints: true,
  visibleNames: true,
};

/** Returns the options that every start of an order's workflow has in common. */
export function startOptionsOf(start: Start, signingKey: string) {
  const { carried, ...placement } = start;
  return {
    workflowId: workflowIdOf(placement.id),
    args: [start, { ...RUN_OPTIONS, signingKey }] as [Start, OrderRunOptions],
    // After this time, another worker gets the task of a dead worker (default: 10 s).
    workflowTaskTimeout: '4s',
    staticSummary: summaryOfOrder(placement),
    staticDetails: details(placement),
    typedSearchAttributes: searchAttributesOf(carried?.order ?? placeOrder(placement).order),
  } as const;
}
