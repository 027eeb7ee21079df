import { callWithDeadline } from './call-with-deadline.ts';
import { type Load, type LoadOptions, load } from './load.ts';
import { sum } from './statistics.ts';
import { takeTurns } from './turns.ts';

/** The times of a baseline and of Crema, measured in turns. */
export interface Pairs {
  /** How long each operation took, in ms. */
  baseline: number[];
  crema: number[];
  /** One for each pair: Crema's time, or rate, divided by the baseline's. */
  ratios: number[];
}

interface PairOptions {
  pairs: number;
  /** The number of additional pairs that are not counted. */
  warmUp: number;
  before?: () => Promise<void>;
  signal: AbortSignal;
}

/** Measures two sides in turns. A turn returns the times of its operations, in ms. Both sides run the same number of operations. */
export async function measurePairs({
  pairs,
  baseline,
  crema,
  ...options
}: PairOptions & { baseline(): Promise<number[]>; crema(): Promise<number[]> }): Promise<Pairs> {
  const rounds = await takeTurns([baseline, crema], { rounds: pairs, ...options });
  return {
    baseline: rounds.flatMap(([times = []]) => times),
    crema: rounds.flatMap(([, times = []]) => times),
    ratios: rounds.map(([below = [], above = []]) => sum(above) / sum(below)),
  };
}

/** The rates of a baseline and of Crema under load, in operations a second. */
export interface RatePairs extends Pairs {
  rates: { baseline: number[]; crema: number[] };
}

/** The operation that the clients of one side repeat, and the unmeasured work after each turn. */
export interface Side {
  work: LoadOptions['work'];
  settle?: () => Promise<void>;
}

/** Measures two sides under {@link load}, in turns. */
export async function measureRates({
  pairs,
  warmUp,
  baseline,
  crema,
  ...options
}: PairOptions & Omit<LoadOptions, 'work'> & { baseline: Side; crema: Side }): Promise<RatePairs> {
  const turnOf =
    ({ work, settle }: Side) =>
    async () => {
      const done = await load({ work, ...options });
      await settle?.();
      return done;
    };
  const rounds = await takeTurns([turnOf(baseline), turnOf(crema)], { rounds: pairs, warmUp, signal: options.signal });
  const of = (side: 0 | 1) => rounds.map((turns) => turns[side] as Load);
  const rates = { baseline: of(0).map(({ rate }) => rate), crema: of(1).map(({ rate }) => rate) };
  return {
    baseline: of(0).flatMap(({ times }) => times),
    crema: of(1).flatMap(({ times }) => times),
    ratios: rates.crema.map((rate, pair) => rate / (rates.baseline[pair] as number)),
    rates,
  };
}

/** Returns how long an operation took, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await callWithDeadline('One call', work());
  return performance.now() - start;
}
