import type { Actor } from '../domain/actor.ts';
import type { Channel } from '../domain/order/channel.ts';
import type { CancellationReason, Location } from '../domain/order/order.ts';
import type { Status } from '../domain/order/transitions.ts';

/** The texts of one email. */
export interface Wording {
  subject: string;
  /** The preview that a mailbox shows beside the subject. */
  preheader: string;
  headline: string;
  paragraphs: string[];
}

/** The texts of an email about an account. */
export interface AccountWording extends Wording {
  button: string;
  /** Small print: how long the link is valid, and what to do about an unexpected email. */
  remark: string;
}

/** The emails to a customer, named after the event. Emails about a status change are named after the new status. */
export type CustomerEmail = 'placed' | 'edited' | 'uncollected' | Status;

/** The emails to the shop, named after the event. */
export type ShopEmail = 'placed' | 'delayed' | 'cancelled';

/** The emails about an account. */
export type AccountEmail =
  | 'registration'
  | 'known'
  | 'invitation'
  | 'reset'
  | 'address'
  | 'address_asked'
  | 'password_changed';

/** The data of the texts about an order. Each name is one line. */
export interface OrderDetails {
  number: number;
  channel: Channel;
  location: Location;
  /** The status before the event. */
  from: Status | null;
  /** The type of the actor that cancelled the order or, in other emails, made the change. */
  by: Actor['type'];
  /** Why the order was cancelled. `null` if it was not cancelled, or if the customer's request is the only reason. */
  reasonCode: CancellationReason | null;
  /** Empty if unknown. */
  customerName: string;
  shopName: string;
  /** `2 × Latte (Vanilla), 1 × Tea`. */
  summary: string;
  /** Formatted: `$11.60`. */
  total: string;
}

/** The data of the texts about an account. */
export interface AccountDetails {
  /** Empty if unknown. */
  name: string;
  shopName: string;
}

/** The data of the texts about a disabled webhook. Each value is one line. */
export interface WebhookDetails {
  /** The webhook's description, or the host if the description is empty. */
  name: string;
  host: string;
  /** The time of the first failure without a later success, formatted. */
  since: string;
}
