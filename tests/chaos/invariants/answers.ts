import type { Order } from '../../../domain/order/order.ts';
import type { EventRow } from '../evidence.ts';
import type { Attempt, Operation, ShownOrder } from '../operation-log.ts';

/** Returns every order in every successful answer. */
export const answersIn = (operations: Operation[]): (Omit<Attempt, 'shown'> & { shown: ShownOrder })[] =>
  operations.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) => (attempt.shown ?? []).map((shown) => ({ ...attempt, shown }))),
  );

/** Returns the time of the first successful answer with each order, by id. */
export function acknowledgedAt(operations: Operation[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { shown, endedAt } of answersIn(operations)) {
    first.set(shown.id, Math.min(first.get(shown.id) ?? endedAt, endedAt));
  }
  return first;
}

/** Returns every order id in a 2xx answer. */
export const acknowledgedIn = (operations: Operation[]): string[] => [...acknowledgedAt(operations).keys()];

/** Whether an event creates a version of its order. Alerts do not create one. */
export const isVersion = ({ event: { type } }: EventRow): boolean =>
  type !== 'order.delayed' && type !== 'order.uncollected';

export const at = ({ status, version }: Order | ShownOrder): string => `${status}, version ${version}`;
