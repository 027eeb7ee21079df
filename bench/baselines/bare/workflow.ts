import { condition, setHandler } from '@temporalio/workflow';
import { touchUpdate } from './messages.ts';

/**
 * Does nothing, and ends.
 *
 * @param updates how many updates to take before
 */
export async function bare(updates: number): Promise<void> {
  let taken = 0;
  setHandler(touchUpdate, () => {
    taken += 1;
  });
  await condition(() => taken >= updates);
}
