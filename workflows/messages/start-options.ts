import { open } from '../../domain/order/decider.ts';
import { type Start, searchAttributesOf, type Ways, workflowIdOf } from './definitions.ts';
import { details, summary } from './describe.ts';

const WAYS: Ways = {
  // A worker that takes orders over from a dead one reads their histories anew, about half a millisecond an event, and has to
  // be through within the time of a workflow task (ADR 14).
  events: 500,
  firstEmails: true,
};

/** How an order's workflow starts, whoever starts it; the task queue and whether it may start again is theirs to say. */
export function startOptionsOf(start: Start) {
  const { carried, ...placement } = start;
  return {
    workflowId: workflowIdOf(placement.id),
    args: [start, WAYS] as [Start, Ways],
    // A dead worker's task is another's after this long (10 s by default).
    workflowTaskTimeout: '4s',
    staticSummary: summary(placement),
    staticDetails: details(placement),
    typedSearchAttributes: searchAttributesOf(carried?.order ?? open(placement).order),
  } as const;
}
