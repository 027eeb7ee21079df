import { condition, setHandler } from '@temporalio/workflow';
import { touchUpdate } from './messages.ts';

/**
 * Accepts updates that do nothing.
 *
 * @param updates the number of updates after which the workflow ends
 */
export async function bare(updates: number): Promise<void> {
  let taken = 0;
  setHandler(touchUpdate, () => {
    taken += 1;
  });
  await condition(() => taken >= updates);
}
