interface TurnOptions {
  rounds: number;
  /** The number of additional rounds that are not counted. */
  warmUp: number;
  /** Unmeasured work before each round. */
  before?: () => Promise<void>;
  signal: AbortSignal;
}

/**
 * Runs several sides in short turns, so that other load on the machine affects all sides equally. Each round starts with the next
 * side.
 *
 * @returns for each round the result of each side, in the order of the sides
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
