import type { Actor } from '../actor.ts';
import type { Fact, IdempotencyKey } from './order.ts';
import { type Audience, audiencesOf } from './recipients.ts';

/** A refused signal. It appears on the timeline. */
export interface Rejection {
  kind: 'rejected';
  /** `<orderId>:rejected:<n>` */
  id: string;
  orderId: string;
  at: string;
  actor: Actor | null;
  /** The requested status; null if the signal is unreadable or requests an edit. */
  to: string | null;
  reason: string;
}

/** Events that will not be delivered to an audience, because all attempts failed. */
export interface GivenUp {
  kind: 'given_up';
  orderId: string;
  audience: Audience;
  eventIds: string[];
  at: string;
  error: string;
}

/** An accepted edit that makes no difference. It is journaled to record that its idempotency key has been used. */
export interface UnchangedEdit {
  kind: 'unchanged';
  orderId: string;
  version: number;
  at: string;
  key: IdempotencyKey;
}

export type FactEntry = { kind: 'fact' } & Fact;

/** An entry that the order's workflow journals in Postgres. */
export type JournalEntry = FactEntry | Rejection | UnchangedEdit | GivenUp;

/** Returns the facts among these entries that an audience receives. */
export const factsFor = (audience: Audience, entries: JournalEntry[]): FactEntry[] =>
  entries.filter((entry) => entry.kind === 'fact').filter(({ event }) => audiencesOf(event).includes(audience));
