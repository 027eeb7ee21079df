import type { Order } from '../../../domain/order/order.ts';
import type { EventRow } from '../evidence.ts';
import type { Attempt, Operation, ShownOrder } from '../operation-log.ts';

/** Every order in every answer of success. */
export const answersIn = (operations: Operation[]): (Omit<Attempt, 'shown'> & { shown: ShownOrder })[] =>
  operations.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) => (attempt.shown ?? []).map((shown) => ({ ...attempt, shown }))),
  );

/** When each order was first heard of, by id. */
export function acknowledgedAt(operations: Operation[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { shown, endedAt } of answersIn(operations)) {
    first.set(shown.id, Math.min(first.get(shown.id) ?? endedAt, endedAt));
  }
  return first;
}

/** Every order id that was answered with a 2xx. */
export const acknowledgedIn = (operations: Operation[]): string[] => [...acknowledgedAt(operations).keys()];

/** Whether an event is a version of its order: an alert is none. */
export const isVersion = ({ event: { type } }: EventRow): boolean =>
  type !== 'order.delayed' && type !== 'order.uncollected';

export const at = ({ status, version }: Order | ShownOrder): string => `${status}, version ${version}`;
