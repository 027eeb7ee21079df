import type { Random } from './random.ts';

/** A part of the shop that faults affect. */
export type Part = 'api' | 'worker' | 'postgres' | 'temporal' | 'redis' | 'smtp';

/** A fault that can be injected. */
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
  /** Such as `worker-1`, `api-to-postgres`. */
  target: string;
  /** The parts that the fault affects. Two faults at the same time must not share a part. */
  parts: Part[];
  /** Its duration, in ms. */
  lasts: [least: number, most: number];
  /** Starts the fault. @returns a function that ends it */
  begin(random: Random): Promise<() => Promise<void>>;
}
