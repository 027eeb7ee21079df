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
  flags: string[];
  cancellation: Cancellation | null;
  placedAt: string;
  updatedAt: string;
}

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
  key?: IdempotencyKey;
  /** The HTTP request that placed it, for the logs. */
  requestId?: string;
}

/** What happened, one per version (design §5). */
export type OrderEvent = Happening &
  (
    | { type: 'order.placed' }
    | { type: 'order.status_changed' }
    | { type: 'order.cancelled'; reasonCode: CancellationReason | null }
  );

interface Happening {
  /** `<orderId>:<version>`: the deduplication key everywhere. */
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
  );

interface Request {
  actor: Actor;
  reason?: string | null;
  /** Refused unless the order is at this version (`If-Match`). */
  expectedVersion?: number;
  key?: IdempotencyKey;
  requestId?: string;
}
