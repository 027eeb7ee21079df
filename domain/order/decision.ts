import type { Status } from './transitions.ts';

/** Why a command is refused. */
export type Refusal =
  | { refused: 'illegal_transition'; currentStatus: Status; allowedTransitions: Status[]; version: number }
  | { refused: 'version_mismatch'; version: number }
  | { refused: 'unknown_lines'; lines: number[] };

/** A request with the idempotency key of another request. */
export interface KeyReused {
  refused: 'idempotency_key_reused';
}

/** An accepted edit that makes no difference and causes no event. */
export interface Unchanged {
  unchanged: true;
}
