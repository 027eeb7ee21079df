import type { Money } from '../../domain/money.ts';
import type { Line, Location } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';

// What the clients have asked for and been told. Nothing in it comes from Crema's own records: it is what those are held
// against. All times are in ms since the epoch, by the clients' clock.

/** An order as an answer showed it. */
export interface ShownOrder {
  id: string;
  status: Status;
  version: number;
  location: Location;
  note: string | null;
  lines: Line[];
  total: Money;
  allowedTransitions: Status[];
}

/** One request and what came of it. */
export interface Attempt {
  requestId: string;
  sentAt: number;
  endedAt: number;
  /** Nothing where no answer came, or not all of it. */
  status?: number;
  /** The problem's code. */
  code?: string;
  replayed?: boolean;
  shown?: ShownOrder[];
}

export type Kind = 'place' | 'edit' | 'move' | 'cancel' | 'read' | 'list' | 'menu' | 'sign in';

/** Something that somebody wants, however often they must ask for it. */
export interface Operation {
  who: string;
  kind: Kind;
  method: string;
  path: string;
  key?: string;
  body?: unknown;
  /** Which refusals would be right. */
  expected: number[];
  attempts: Attempt[];
}

export const isAccepted = ({ status = 0 }: Attempt): boolean => status >= 200 && status < 300;

/** A refusal for good: asking again would not help. That somebody is not signed in, or comes too often, is none. */
export const isRefused = ({ status = 0 }: Attempt): boolean =>
  status >= 400 && status < 500 && status !== 401 && status !== 429;

/** Whether an attempt was answered as it should be. */
export const isAnswered = (operation: Operation, attempt: Attempt): boolean =>
  isAccepted(attempt) || operation.expected.includes(attempt.status ?? 0);

/** The answer that accepted an operation, if one did. */
export const acceptedBy = ({ attempts }: Operation): Attempt | undefined => attempts.find(isAccepted);

/** Whether an operation asks for a change, under a key. */
export const isChange = ({ kind }: Operation): boolean => ['place', 'edit', 'move', 'cancel'].includes(kind);
