import type { Money } from '../../domain/money.ts';
import type { Channel } from '../../domain/order/channel.ts';
import type { FullLine } from '../../domain/order/full-order.ts';
import type { Location } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';

// The requests of all clients and their answers. Crema's records are compared with this log, so it contains no data from these
// records. Times are in ms since the epoch, by the clients' clock.

/** An order in an answer. */
export interface ShownOrder {
  id: string;
  status: Status;
  version: number;
  channel: Channel;
  customer: { id: string | null; name: string | null };
  location: Location;
  note: string | null;
  lines: FullLine[];
  total: Money;
  allowedTransitions: Status[];
}

/** One request and its answer. */
export interface Attempt {
  requestId: string;
  sentAt: number;
  endedAt: number;
  /** undefined without a complete answer. */
  status?: number;
  /** The problem's code. */
  code?: string;
  replayed?: boolean;
  shown?: ShownOrder[];
}

export type Kind = 'place' | 'edit' | 'move' | 'cancel' | 'read' | 'list' | 'menu' | 'sell out' | 'sign in';

/** One action of a client, with all requests that attempt it. */
export interface Operation {
  who: string;
  kind: Kind;
  method: string;
  path: string;
  key?: string;
  body?: unknown;
  /** The error statuses that would be correct. */
  expected: number[];
  attempts: Attempt[];
}

export const isAccepted = ({ status = 0 }: Attempt): boolean => status >= 200 && status < 300;

/** Whether an answer is a final error. A retry may succeed after 401 and 429. */
export const isRefused = ({ status = 0 }: Attempt): boolean =>
  status >= 400 && status < 500 && status !== 401 && status !== 429;

/** Whether an attempt got a correct answer. */
export const isAnswered = (operation: Operation, attempt: Attempt): boolean =>
  isAccepted(attempt) || operation.expected.includes(attempt.status ?? 0);

/** Returns the attempt that was accepted. */
export const acceptedBy = ({ attempts }: Operation): Attempt | undefined => attempts.find(isAccepted);

/** Whether an operation changes an order, with an idempotency key. */
export const isChange = ({ kind }: Operation): boolean => ['place', 'edit', 'move', 'cancel'].includes(kind);
