import type { Actor } from '../actor.ts';
import type { Money } from '../money.ts';
import type { Status } from './transitions.ts';

export const locations = ['take_away', 'in_house'] as const;
export type Location = (typeof locations)[number];

export const cancellationReasons = [
  'customer_request',
  'out_of_stock',
  'shop_closed',
  'too_busy',
  'duplicate',
  'other',
] as const;
export type CancellationReason = (typeof cancellationReasons)[number];

/** How long an order may stand before somebody is reminded of it, in seconds. */
export interface AlertThresholds {
  /** In `waiting`, before the shop is alerted. */
  delayedAfter: number;
  /** In `ready`, before the customer is reminded. */
  uncollectedAfter: number;
}

export const alerts = ['delayed', 'uncollected'] as const;
export type Alert = (typeof alerts)[number];

/** What was ordered, with name and price frozen when the order was placed. */
export interface Line {
  id: string;
  productId: string;
  variationId: string | null;
  product: string;
  variation: string | null;
  quantity: number;
  /** Base price and variation together. */
  unitPrice: Money;
  total: Money;
}

export interface Cancellation {
  reasonCode: CancellationReason | null;
  reason: string | null;
  by: Actor;
  at: string;
}

/** An order as the workflow, the events and the journal know it: the customer by id alone (design §2). */
export interface Order {
  id: string;
  /** Called out at the counter, 1 to 999; identifies nothing. */
  number: number;
  status: Status;
  /** Starts at 1 and goes up by one with every event. */
  version: number;
  customer: { id: string };
  location: Location;
  note: string | null;
  lines: Line[];
  total: Money;
  /** Alerts raised so far. */
  flags: Alert[];
  cancellation: Cancellation | null;
  placedAt: string;
  updatedAt: string;
}

/** Most lines of an order, and most of one line. */
export const MAX_LINES = 50;
export const MAX_QUANTITY = 99;

/** Longest note, and longest reason of a change, in Unicode code points. */
export const MAX_NOTE_LENGTH = 500;
export const MAX_REASON_LENGTH = 500;

/** A client's idempotency key, as a hash, with the fingerprint of the request that it bound (design §4). */
export interface IdempotencyKey {
  hash: string;
  fingerprint: string;
}

/** Everything an order starts from: the argument of its workflow. */
export interface Placement {
  id: string;
  number: number;
  customer: { id: string };
  location: Location;
  note: string | null;
  lines: Line[];
  total: Money;
  placedAt: string;
  /** None for orders from before there were alerts. */
  patience?: AlertThresholds;
  key?: IdempotencyKey;
  /** The HTTP request that placed it, for the logs. */
  requestId?: string;
}

/** What happened, one per version (design §5). */
export type OrderEvent = Happening &
  (
    | { type: 'order.placed' }
    | { type: 'order.edited'; edited: Pick<Order, 'lines' | 'total' | 'location' | 'note'>; changes: Changes }
    | { type: 'order.status_changed' }
    | { type: 'order.cancelled'; reasonCode: CancellationReason | null }
    | { type: 'order.delayed' | 'order.uncollected' }
  );

/** All that can happen to an order. */
export const eventTypes = [
  'order.placed',
  'order.edited',
  'order.status_changed',
  'order.cancelled',
  'order.delayed',
  'order.uncollected',
] as const satisfies readonly OrderEvent['type'][];

/** What an edit made different. */
export interface Changes {
  added: Line[];
  removed: Line[];
  quantities: { id: string; product: string; variation: string | null; from: number; to: number }[];
  location: { from: Location; to: Location } | null;
  note: { from: string | null; to: string | null } | null;
}

interface Happening {
  /** `<orderId>:<version>`, an alert's `<orderId>:<version>:<alert>`: the deduplication key everywhere. */
  id: string;
  orderId: string;
  version: number;
  /** RFC 3339 UTC, as every time here. */
  at: string;
  actor: Actor;
  from: Status | null;
  to: Status;
  reason: string | null;
  key?: IdempotencyKey;
  requestId?: string;
}

/** An event with the order as of it: what is answered, journaled and announced. */
export interface Fact {
  event: OrderEvent;
  order: Order;
}

/** A change that somebody asks for. */
export type Command = Request &
  (
    | { type: 'change_status'; to: Exclude<Status, 'cancelled'> }
    | { type: 'cancel'; reasonCode?: CancellationReason | null }
    | ({ type: 'edit' } & Edit)
  );

/** What an edit asks for; what it leaves out stays. */
export interface Edit {
  /** All lines from now on: known ones by id, with their frozen price; new ones whole, at today's. */
  lines?: (Line | KeptLine)[];
  location?: Location;
  /** `null` clears it. */
  note?: string | null;
}

/** A line that the order has already. */
export type KeptLine = Pick<Line, 'id' | 'quantity'>;

interface Request {
  actor: Actor;
  reason?: string | null;
  /** Refused unless the order is at this version (`If-Match`). */
  expectedVersion?: number;
  key?: IdempotencyKey;
  requestId?: string;
}
