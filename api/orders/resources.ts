import type { OrderView, TimelineRow } from '../../db/orders.ts';
import type { Actor } from '../../domain/actor.ts';
import { alertOf } from '../../domain/order/alerts.ts';
import { toCloudEvent } from '../../domain/order/cloud-event.ts';
import { type FullOrder, toFullChanges, toFullOrder } from '../../domain/order/full-order.ts';
import type { Fact, Order } from '../../domain/order/order.ts';
import { allowedTransitions } from '../../domain/order/transitions.ts';
import { emptyTimelineEntry } from '../http/schemas.ts';
import type { OrderResource } from './schemas.ts';

/** Returns an order as the viewer sees it. */
export function toOrderResource({ order, customerName }: OrderView, viewer: Actor): OrderResource {
  return {
    ...toOrderInEvent(order, viewer),
    customer: { id: order.customer.id, name: customerName },
    allowedTransitions: allowedTransitions(order, viewer),
  };
}

/** How long responses may have a customer's old name after a rename, in ms: longer than callers are cached, as clocks differ. */
const RENAME_MARGIN_MS = 60_000;

/**
 * Returns whether the order is unchanged since its version began, so that the version identifies its state. Alerts, and a
 * rename or removal of the customer's name, change an order without a new version (ADR 21).
 */
export function isAsOfItsVersion({ order, isCustomerKnown, customerRenamedAt: renamed }: OrderView): boolean {
  if (order.flags.length > 0 || !isCustomerKnown || renamed === undefined) return false;
  return renamed === null || renamed.getTime() + RENAME_MARGIN_MS < Date.parse(order.updatedAt);
}

/** Returns an order in an event, as the viewer sees it. */
export const toOrderInEvent = (order: Order, viewer: Actor) => withoutIds(toFullOrder(order), viewer);

/** Returns an order without the ids that the viewer may not see. */
const withoutIds = (order: FullOrder, viewer: Actor) => ({
  ...order,
  placedBy: seenBy(viewer, order.placedBy),
  cancellation: order.cancellation && { ...order.cancellation, by: seenBy(viewer, order.cancellation.by) },
});

/** Returns an event as the viewer sees it. @param publicUrl base URL of the API as clients see it */
export function toEventResource(fact: Fact, viewer: Actor, publicUrl: string) {
  const { data, ...event } = toCloudEvent(fact, publicUrl);
  const { order, actor } = data;
  return { ...event, data: { ...data, order: withoutIds(order, viewer), actor: seenBy(viewer, actor) } };
}

/** Returns a timeline as the viewer sees it. Customers see no ids of staff and no deliveries to others. */
export function toTimeline(rows: TimelineRow[], viewer: Actor) {
  return rows
    .filter((row) => row.kind !== 'delivery' || viewer.type !== 'customer' || row.recipient === 'customer')
    .map((row) => ({ ...emptyTimelineEntry, ...lineOf(row, viewer), at: row.at.toISOString(), kind: kindOf(row) }));
}

const kindOf = (row: TimelineRow) => (row.kind === 'event' && alertOf(row.event) ? 'alert' : row.kind);

function lineOf(row: TimelineRow, viewer: Actor) {
  if (row.kind === 'event') {
    const { type, version, actor, from, to, reason } = row.event;
    const changes = row.event.type === 'order.edited' ? toFullChanges(row.event.changes) : null;
    return { type, version, actor: seenBy(viewer, actor), from, to, reason, changes };
  }
  if (row.kind === 'rejected') {
    const { actor, to, reason } = row.rejection;
    return { type: 'order.signal_rejected', actor: actor && seenBy(viewer, actor), to, reason };
  }
  const { id, channel, recipient, attempt, outcome, detail } = row;
  const version = Number(row.event_id.split(':')[1]);
  const attempts = row.attempts.map(({ at, outcome, detail: reason }) => ({ at, outcome, reason }));
  const deliveryId = viewer.type === 'manager' ? id : null;
  const delivery = { deliveryId, channel, recipient, attempt, attempts, outcome };
  return { type: `delivery.${outcome}`, version, ...delivery, reason: detail };
}

/** Returns an actor as the viewer sees it. Customers see no ids but their own. */
const seenBy = (viewer: Actor, actor: Actor) =>
  viewer.type !== 'customer' || actor.id === viewer.id ? actor : { ...actor, id: null };
