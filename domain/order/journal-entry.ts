import type { Actor } from '../actor.ts';
import type { Fact, IdempotencyKey } from './order.ts';
import type { Audience } from './recipients.ts';

/** A signal that was refused: it changed nothing, and the timeline says so. */
export interface Rejection {
  kind: 'rejected';
  /** `<orderId>:rejected:<n>` */
  id: string;
  orderId: string;
  at: string;
  actor: Actor | null;
  /** What was asked for, as far as it could be read: a status. */
  to: string | null;
  reason: string;
}

/** It was tried for as long as the audience's policy allows: these events will not be delivered to it. */
export interface GivenUp {
  kind: 'given_up';
  orderId: string;
  audience: Audience;
  eventIds: string[];
  at: string;
  error: string;
}

/** An edit that made no difference was accepted under a key, and the key binds it. */
export interface UnchangedEdit {
  kind: 'unchanged';
  orderId: string;
  version: number;
  at: string;
  key: IdempotencyKey;
}

/** What an order's workflow writes down in Postgres. */
export type JournalEntry = ({ kind: 'fact' } & Fact) | Rejection | UnchangedEdit | GivenUp;
