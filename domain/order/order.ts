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

/** How long an order may keep a status before an alert, in seconds. */
export interface AlertThresholds {
  /** In `waiting`. The alert goes to the shop. */
  delayedAfter: number;
  /** In `ready`. The alert reminds the customer. */
  uncollectedAfter: number;
}

export const alerts = ['delayed', 'uncollected'] as const;
export type Alert = (typeof alerts)[number];

/** An option of a line, such as oat milk. Names and the price stay as they were when the line was added. */
export interface LineOption {
  /** The id of the catalog's option. */
  id: string;
  /** The name of the option group. */
  group: string;
  name: string;
  /** For each unit of the line. */
  quantity: number;
  unitPrice: Money;
}

/** A line of an order. Names and prices stay as they were when the line was added. */
export interface Line {
  id: string;
  productId: string;
  variationId: string | null;
  product: string;
  variation: string | null;
  quantity: number;
  /** Absent if the line has no options. */
  options?: LineOption[];
  /** Absent if the line has no note. */
  note?: string;
  /** The base price plus the variation's price delta and the prices of the options. */
  unitPrice: Money;
  total: Money;
}

export interface Cancellation {
  reasonCode: CancellationReason | null;
  reason: string | null;
  by: Actor;
  at: string;
}

/** An order in workflows, events and the journal. Contains the customer's id but not the name, so that customers can be erased. */
export interface Order {
  id: string;
  /** 1 to 999, called out at the counter. Not unique. */
  number: number;
  status: Status;
  /** Starts at 1 and increases by one with every event except alerts. */
  version: number;
  /** The id is null for a counter order, whose customer has no account. */
  customer: { id: string | null };
  /** Absent if the customer placed the order. */
  placedBy?: Actor;
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

/** The maximum length of the name of a counter order's customer, in Unicode code points. */
export const MAX_CUSTOMER_NAME_LENGTH = 60;

export const MAX_LINES = 50;
export const MAX_QUANTITY = 99;

/** The maximum number of options of a line. */
export const MAX_OPTIONS = 20;
export const MAX_OPTION_QUANTITY = 20;

/**
 * The maximum size of the lines of an order, in bytes of JSON. Temporal limits a message to 2 MB, and the result of an edit contains
 * four lists of lines.
 */
export const MAX_LINES_BYTES = 300_000;

/** Whether lines are too large for Temporal. Only options with long names make them so large. */
export const areTooLarge = (lines: readonly Line[]): boolean =>
  lines.some(({ options }) => options) && new TextEncoder().encode(JSON.stringify(lines)).length > MAX_LINES_BYTES;

/** The maximum length of an order's note, of a line's note, and of a reason, in Unicode code points. */
export const MAX_NOTE_LENGTH = 500;
export const MAX_LINE_NOTE_LENGTH = 200;
export const MAX_REASON_LENGTH = 500;

/** The hash of a client's idempotency key, and the fingerprint of the request that used it. */
export interface IdempotencyKey {
  hash: string;
  fingerprint: string;
}

/** The start argument of an order's workflow. */
export interface Placement
  extends Pick<
    Order,
    'id' | 'number' | 'customer' | 'placedBy' | 'location' | 'note' | 'lines' | 'total' | 'placedAt'
  > {
  /** Absent on orders started by older versions. */
  patience?: AlertThresholds;
  key?: IdempotencyKey;
  /** The id of the HTTP request that placed the order, for the logs. */
  requestId?: string;
}

/** An event of an order. Each event except an alert creates a new version of the order. */
export type OrderEvent = EventFields &
  (
    | { type: 'order.placed' }
    | { type: 'order.edited'; edited: Pick<Order, 'lines' | 'total' | 'location' | 'note'>; changes: Changes }
    | { type: 'order.status_changed' }
    | { type: 'order.cancelled'; reasonCode: CancellationReason | null }
    | { type: 'order.delayed' | 'order.uncollected' }
  );

export const eventTypes = [
  'order.placed',
  'order.edited',
  'order.status_changed',
  'order.cancelled',
  'order.delayed',
  'order.uncollected',
] as const satisfies readonly OrderEvent['type'][];

/** The differences that an edit makes. */
export interface Changes {
  added: Line[];
  removed: Line[];
  quantities: { id: string; product: string; variation: string | null; from: number; to: number }[];
  location: { from: Location; to: Location } | null;
  note: { from: string | null; to: string | null } | null;
}

interface EventFields {
  /** `<orderId>:<version>`, or `<orderId>:<version>:<alert>` for an alert. Consumers deduplicate events by id. */
  id: string;
  orderId: string;
  version: number;
  /** RFC 3339, UTC. */
  at: string;
  actor: Actor;
  from: Status | null;
  to: Status;
  reason: string | null;
  key?: IdempotencyKey;
  requestId?: string;
}

/** An event, and the order after the event. */
export interface Fact {
  event: OrderEvent;
  order: Order;
}

/** A requested change. */
export type Command = CommandFields & Action;

export type Action =
  | { type: 'change_status'; to: Exclude<Status, 'cancelled'> }
  | { type: 'cancel'; reasonCode?: CancellationReason | null }
  | ({ type: 'edit' } & Edit);

/** A requested edit. Absent fields stay unchanged. */
export interface Edit {
  /** All lines after the edit. Kept lines keep their price; new lines have the current price. */
  lines?: (Line | KeptLine)[];
  location?: Location;
  /** Null removes the note. */
  note?: string | null;
}

/** An existing line of the order. */
export type KeptLine = Pick<Line, 'id' | 'quantity'>;

/** Why a command is refused. */
export type Refusal =
  | { refused: 'illegal_transition'; currentStatus: Status; allowedTransitions: Status[]; version: number }
  | { refused: 'version_mismatch'; version: number }
  | { refused: 'unknown_lines'; lines: number[] }
  | TooLarge;

/** The refusal of lines that are too large for Temporal. */
export interface TooLarge {
  refused: 'order_too_large';
}

/** The refusal of a request, because another request has used its idempotency key. */
export interface KeyReused {
  refused: 'idempotency_key_reused';
}

/** An accepted edit that makes no difference and causes no event. */
export interface Unchanged {
  unchanged: true;
}

export interface CommandFields {
  actor: Actor;
  reason?: string | null;
  /** The command is refused if the order has another version (`If-Match`). */
  expectedVersion?: number;
  key?: IdempotencyKey;
  requestId?: string;
}
