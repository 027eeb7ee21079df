import { proxySinks, type Sinks, type WorkflowInterceptors } from '@temporalio/workflow';
import type { FileCoverageData } from 'istanbul-lib-coverage';

/** Counters that are not zero, by their keys in Istanbul's map of a file. */
export type Counts = Pick<FileCoverageData, 's' | 'f' | 'b'>;

export interface CoverageSinks extends Sinks {
  coverage: {
    /** Receives the maps of all files, once for each workflow. */
    describe(files: Record<string, FileCoverageData>): void;
    /** Receives the counts since the last call. */
    add(counts: Record<string, Counts>): void;
  };
}

const { coverage } = proxySinks<CoverageSinks>();
let described = false;

/**
 * Sends the counters of the sandbox to the worker after each activation. The interceptor of `@temporalio/nyc-test-coverage`
 * sends all maps each time, 130 kB, which makes a replay several times slower.
 */
export const interceptors = (): WorkflowInterceptors => ({
  internals: [
    {
      concludeActivation(input, next) {
        const files = (globalThis as { __coverage__?: Record<string, FileCoverageData> }).__coverage__ ?? {};
        if (!described) coverage.describe(JSON.parse(JSON.stringify(files)));
        described = true;
        const counts = Object.entries(files).map(([path, file]) => [path, takeCounts(file)]);
        coverage.add(Object.fromEntries(counts));
        return next(input);
      },
    },
  ],
});

/** Returns the counters that are not zero, and sets them to zero. */
function takeCounts({ s, f, b }: FileCoverageData): Counts {
  const counts: Counts = { s: {}, f: {}, b: {} };
  for (const [from, to] of [
    [s, counts.s],
    [f, counts.f],
  ] as const) {
    for (const [key, count] of Object.entries(from)) {
      if (count === 0) continue;
      to[key] = count;
      from[key] = 0;
    }
  }
  for (const [key, arms] of Object.entries(b)) {
    if (arms.every((count) => count === 0)) continue;
    counts.b[key] = [...arms];
    arms.fill(0);
  }
  return counts;
}
