import { inTime } from './in-time.ts';
import { type Load, type LoadOptions, load } from './load.ts';
import { sum } from './statistics.ts';
import { takeTurns } from './turns.ts';

/** What a floor and Crema came to, measured in turns. */
export interface Pairs {
  /** How long each single thing took, in ms. */
  floor: number[];
  crema: number[];
  /** One a pair: Crema's time, or rate, over the floor's. */
  ratios: number[];
}

interface PairOptions {
  /** How many pairs count. */
  pairs: number;
  /** How many come before them and do not. */
  warmUp: number;
  before?: () => Promise<void>;
  signal: AbortSignal;
}

/** Each side does the same number of things in its turn and answers how long each took; see {@link takeTurns}. */
export async function measurePairs({
  pairs,
  floor,
  crema,
  ...options
}: PairOptions & { floor(): Promise<number[]>; crema(): Promise<number[]> }): Promise<Pairs> {
  const rounds = await takeTurns([floor, crema], { rounds: pairs, ...options });
  return {
    floor: rounds.flatMap(([times = []]) => times),
    crema: rounds.flatMap(([, times = []]) => times),
    ratios: rounds.map(([below = [], above = []]) => sum(above) / sum(below)),
  };
}

/** What a floor and Crema get done under load, in things a second. */
export interface RatePairs extends Pairs {
  rates: { floor: number[]; crema: number[] };
}

/** What the clients of one side do, again and again, and what comes between its turn and the next, unmeasured. */
export interface Side {
  work: LoadOptions['work'];
  settle?: () => Promise<void>;
}

/** Each side keeps all clients busy for a moment; see {@link load}. */
export async function measureRates({
  pairs,
  warmUp,
  floor,
  crema,
  ...options
}: PairOptions & Omit<LoadOptions, 'work'> & { floor: Side; crema: Side }): Promise<RatePairs> {
  const turnOf =
    ({ work, settle }: Side) =>
    async () => {
      const done = await load({ work, ...options });
      await settle?.();
      return done;
    };
  const rounds = await takeTurns([turnOf(floor), turnOf(crema)], { rounds: pairs, warmUp, signal: options.signal });
  const of = (side: 0 | 1) => rounds.map((turns) => turns[side] as Load);
  const rates = { floor: of(0).map(({ rate }) => rate), crema: of(1).map(({ rate }) => rate) };
  return {
    floor: of(0).flatMap(({ times }) => times),
    crema: of(1).flatMap(({ times }) => times),
    ratios: rates.crema.map((rate, pair) => rate / (rates.floor[pair] as number)),
    rates,
  };
}

/** How long something took, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await inTime('One call', work());
  return performance.now() - start;
}
