import { type Alert, type AlertThresholds, alerts, type Fact, type Order, type OrderEvent } from './order.ts';
import type { Status } from './transitions.ts';

const watched: Partial<Record<Status, { alert: Alert; threshold: keyof AlertThresholds }>> = {
  waiting: { alert: 'delayed', threshold: 'delayedAfter' },
  ready: { alert: 'uncollected', threshold: 'uncollectedAfter' },
};

/**
 * Returns the alert that will be due if the order keeps its status. Each alert is raised at most once per order.
 *
 * @param since when the order got its status, in ms since the epoch
 * @returns undefined if no alert will be due; otherwise `at` is the due time, in ms since the epoch
 */
export function nextAlert(
  order: Order,
  since: number,
  thresholds: AlertThresholds,
): { alert: Alert; at: number } | undefined {
  const watch = watched[order.status];
  if (!watch || order.flags.includes(watch.alert)) return undefined;
  return { alert: watch.alert, at: since + thresholds[watch.threshold] * 1_000 };
}

/** Returns the alert's event, and the order with the alert in its flags. The event has the order's current version. */
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

/** Returns the alert of an event; undefined for other events. */
export const alertOf = ({ type }: OrderEvent): Alert | undefined => alerts.find((alert) => type === `order.${alert}`);
