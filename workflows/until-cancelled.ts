import { ActivityFailure, isCancellation } from '@temporalio/workflow';

/**
 * Whether something ended because it was asked to. An activity that fails after it was asked to stop, before it has heard of
 * that, is not tried again and bears its own failure: it was cut short all the same.
 */
export const wasCancelled = (error: unknown): boolean =>
  isCancellation(error) || (error instanceof ActivityFailure && error.retryState === 'CANCEL_REQUESTED');

/** Runs work to its end, which being cancelled is as well. */
export async function untilCancelled(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!wasCancelled(error)) throw error;
  }
}
