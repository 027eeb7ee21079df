interface TurnOptions {
  /** How many rounds count. */
  rounds: number;
  /** How many come before them and do not. */
  warmUp: number;
  /** Prepares each round, unmeasured. */
  before?: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * Lets several sides take short turns, so that whatever else the machine does meets all alike; who goes first changes from
 * round to round.
 *
 * @returns for each round what each side's turn came to, in the order of the sides
 */
export async function takeTurns<Turn>(
  sides: readonly (() => Promise<Turn>)[],
  { rounds, warmUp, before, signal }: TurnOptions,
): Promise<Turn[][]> {
  const counted: Turn[][] = [];
  for (let round = 0; round < warmUp + rounds; round += 1) {
    signal.throwIfAborted();
    await before?.();
    const turns: Turn[] = [];
    for (let place = 0; place < sides.length; place += 1) {
      const side = (round + place) % sides.length;
      turns[side] = await (sides[side] as () => Promise<Turn>)();
    }
    if (round >= warmUp) counted.push(turns);
  }
  return counted;
}
