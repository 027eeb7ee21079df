import type { Status } from './transitions.ts';

/** Why a command changes nothing. */
export type Refusal =
  | { refused: 'illegal_transition'; currentStatus: Status; allowedTransitions: Status[]; version: number }
  | { refused: 'version_mismatch'; version: number }
  | { refused: 'unknown_lines'; lines: number[] };

/** A command that is fine and makes no difference: it is answered, and nothing happened. */
export interface Unchanged {
  unchanged: true;
}
