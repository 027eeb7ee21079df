/** What a floor and Crema took, in ms, measured in turns. */
export interface Pairs {
  floor: number[];
  crema: number[];
  /** One a pair: Crema's time over the floor's. */
  ratios: number[];
}

interface PairOptions {
  /** How many pairs count. */
  pairs: number;
  /** How many come before them and do not. */
  warmUp: number;
  /** Each does the same number of things and answers how long each took. */
  floor(): Promise<number[]>;
  crema(): Promise<number[]>;
  signal: AbortSignal;
}

/**
 * Measures floor and Crema in short turns, so that whatever else the machine does meets both alike; who goes first changes
 * from pair to pair.
 */
export async function measurePairs({ pairs, warmUp, floor, crema, signal }: PairOptions): Promise<Pairs> {
  const measured: Pairs = { floor: [], crema: [], ratios: [] };
  for (let pair = -warmUp; pair < pairs; pair += 1) {
    signal.throwIfAborted();
    const floorFirst = pair % 2 === 0;
    const early = floorFirst ? await floor() : await crema();
    const late = floorFirst ? await crema() : await floor();
    if (pair < 0) continue;
    const [below, above] = floorFirst ? [early, late] : [late, early];
    measured.floor.push(...below);
    measured.crema.push(...above);
    measured.ratios.push(sum(above) / sum(below));
  }
  return measured;
}

/** How long something took, in ms. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/**
 * The value that a share of all values does not exceed.
 *
 * @param share 0 to 1
 */
export function quantile(values: number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  const last = sorted.length - 1;
  const place = last * share;
  const below = sorted[Math.floor(place)] ?? Number.NaN;
  const above = sorted[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place % 1);
}

export const median = (values: number[]): number => quantile(values, 0.5);

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
