/** How long a service counts as unavailable after a failure, in ms. */
const PAUSE_MS = 5_000;

/** Tracks the failures of a service, so that first attempts skip the service while it is unavailable. Retries are not skipped. */
export function trackOutages() {
  /** The time of the last failure, on the monotonic clock, in ms; undefined after a success. */
  let failedAt: number | undefined;
  return {
    failed(): void {
      failedAt = performance.now();
    },
    succeeded(): void {
      failedAt = undefined;
    },
    /** Whether the latest call failed. */
    hasFailed: (): boolean => failedAt !== undefined,
    /** Whether a call failed in the last five seconds, and none has succeeded since. */
    isUnavailable: (): boolean => failedAt !== undefined && performance.now() - failedAt < PAUSE_MS,
  };
}
