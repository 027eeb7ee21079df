/** Runs the work while a clock (`performance` or `Date`) is ahead by this time, in ms. Returns the result of the work. */
export async function withClockAhead<Result>(
  clock: { now(): number },
  ms: number,
  work: () => Promise<Result>,
): Promise<Result> {
  const { now } = clock;
  clock.now = () => now.call(clock) + ms;
  try {
    return await work();
  } finally {
    clock.now = now;
  }
}
