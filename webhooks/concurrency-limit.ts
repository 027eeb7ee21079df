/** Keeps whoever sends to many endpoints from waiting for one of them. */
export interface Lanes {
  /** Takes a place in an endpoint's lane. @returns nothing; or, when the lane is full, in how many ms to come back */
  enter(endpoint: string): number | undefined;
  /** Gives the place back. @param duration for how long it was held, in ms */
  leave(endpoint: string, duration: number): void;
  /** Whether it usually takes so long that nobody should stand and wait for it. */
  isSlow(endpoint: string): boolean;
}

interface Lane {
  busy: number;
  /** How long a place is usually held, in ms. */
  usual: number;
  /** When the next one who finds it full may come back, in ms. */
  nextTurn: number;
}

/** What a new endpoint is thought to take, in ms. */
const USUAL = 100;

/** Who usually takes longer than this, in ms, is slow. */
const SLOW = 1_000;

/**
 * Lets so many at once through to each endpoint. Whoever finds the lane full is told a time by which one of those before
 * them is through, each a later one: a thousand who wait for a dead endpoint do not all come back each second.
 *
 * @param longest what anybody is told at most, in ms
 */
export function createLanes({ atOnce, longest }: { atOnce: number; longest: number }): Lanes {
  const lanes = new Map<string, Lane>();

  function enter(endpoint: string): number | undefined {
    const lane = lanes.get(endpoint) ?? { busy: 0, usual: USUAL, nextTurn: 0 };
    lanes.set(endpoint, lane);
    if (lane.busy < atOnce) {
      lane.busy += 1;
      return undefined;
    }
    const now = performance.now();
    lane.nextTurn = Math.max(now, lane.nextTurn) + lane.usual / atOnce;
    return Math.min(lane.nextTurn - now, longest);
  }

  function leave(endpoint: string, duration: number): void {
    const lane = lanes.get(endpoint);
    if (!lane) return;
    lane.busy -= 1;
    lane.usual += (duration - lane.usual) / 10;
    // What nobody uses is forgotten: webhooks come and go. Not that one is slow: it would be found out at others' expense.
    if (lane.busy === 0 && lane.nextTurn < performance.now() && !isSlow(endpoint)) lanes.delete(endpoint);
  }

  const isSlow = (endpoint: string): boolean => (lanes.get(endpoint)?.usual ?? 0) > SLOW;

  return { enter, leave, isSlow };
}
