/** A seeded random generator. */
export interface Random {
  /** A number from `low` to `high`, `high` excluded. */
  between(low: number, high: number): number;
  /** Returns true with this probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
  /** Returns an independent generator, so that the pace of one user does not change another's decisions. */
  fork(): Random;
}

/** @param seed a whole number */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  /** Returns a number from 0 to 1, 1 excluded, by the algorithm mulberry32. */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const between = (low: number, high: number) => low + next() * (high - low);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;

  function shuffled<T>(items: readonly T[]): T[] {
    const left = [...items];
    return items.map(() => left.splice(Math.floor(next() * left.length), 1)[0] as T);
  }

  return {
    between,
    chance: (probability) => next() < probability,
    pick,
    shuffled,
    fork: () => createRandom(Math.floor(between(0, 2 ** 32))),
  };
}
