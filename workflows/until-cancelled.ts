import { isCancellation } from '@temporalio/workflow';

/** Runs work to its end, which being cancelled is as well. */
export async function untilCancelled(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
}
