import type { Alert, AlertThresholds, Fact, Order, OrderEvent } from './order.ts';
import type { Status } from './transitions.ts';

const watched: Partial<Record<Status, { alert: Alert; patience: keyof AlertThresholds }>> = {
  waiting: { alert: 'delayed', patience: 'delayedAfter' },
  ready: { alert: 'uncollected', patience: 'uncollectedAfter' },
};

/**
 * The alert that an order heads for; each is raised once in an order's life.
 *
 * @param since when the order got its status, in ms since the epoch
 * @returns `at` in ms since the epoch
 */
export function nextAlert(
  order: Order,
  since: number,
  patience: AlertThresholds,
): { alert: Alert; at: number } | undefined {
  const watch = watched[order.status];
  if (!watch || order.flags.includes(watch.alert)) return undefined;
  return { alert: watch.alert, at: since + patience[watch.patience] * 1_000 };
}

/** Raises an alert: a flag on the order and an event of its own, but no new version (design §5). */
export function raise(order: Order, alert: Alert, at: string): Fact {
  const { id: orderId, version, status } = order;
  const event: OrderEvent = {
    type: `order.${alert}`,
    id: `${orderId}:${version}:${alert}`,
    orderId,
    version,
    at,
    actor: { type: 'system', id: 'crema' },
    from: status,
    to: status,
    reason: null,
  };
  return { event, order: { ...order, flags: [...order.flags, alert] } };
}

/** The alert that an event raises, if it raises one. */
export const alertOf = (event: OrderEvent): Alert | undefined =>
  event.type === 'order.delayed' ? 'delayed' : event.type === 'order.uncollected' ? 'uncollected' : undefined;
