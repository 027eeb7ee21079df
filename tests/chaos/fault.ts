import type { Random } from './random.ts';

/** What can be broken. */
export type Part = 'api' | 'worker' | 'postgres' | 'temporal' | 'redis' | 'smtp';

/** One thing that can go wrong. */
export interface Fault {
  kind:
    | 'kill'
    | 'freeze'
    | 'latency'
    | 'reset'
    | 'black hole'
    | 'rolling restart'
    | 'moved clock'
    | 'slow mail server'
    | 'frozen dispatcher'
    | 'frozen writer';
  /** What it is done to: `worker-1`, `api-to-postgres`. */
  target: string;
  /** Whose work it may cut: what two faults at once must not share. */
  parts: Part[];
  /** For how long it lasts, in ms. */
  lasts: [least: number, most: number];
  /** Does it; what it resolves to undoes it. */
  begin(random: Random): Promise<() => Promise<void>>;
}
