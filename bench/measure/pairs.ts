import { callWithDeadline } from './call-with-deadline.ts';
import { type Load, type LoadOptions, load } from './load.ts';
import { sum } from './statistics.ts';
import { takeTurns } from './turns.ts';

/** What a baseline and Crema came to, measured in turns. */
export interface Pairs {
  /** How long each single thing took, in ms. */
  baseline: number[];
  crema: number[];
  /** One a pair: Crema's time, or rate, over the baseline's. */
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

/** What a baseline and Crema get done under load, in things a second. */
export interface RatePairs extends Pairs {
  rates: { baseline: number[]; crema: number[] };
}

/** What the clients of one side do, again and again, and what comes between its turn and the next, unmeasured. */
export interface Side {
  work: LoadOptions['work'];
  settle?: () => Promise<void>;
}

/** Each side keeps all clients busy for a duration; see {@link load}. */
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

/** How long something took, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await callWithDeadline('One call', work());
  return performance.now() - start;
}
