import type { WorkflowHandle } from '@temporalio/client';
import { waitFor } from '../../stack/wait.ts';
import { changeStatusSignal } from '../../workflows/messages/definitions.ts';

/** Moves an order between waiting and preparation by signals. */
export function movesOf(handle: WorkflowHandle) {
  let count = 0;
  async function move(times = 1): Promise<void> {
    for (let left = times; left > 0; left -= 1) {
      count += 1;
      await handle.signal(changeStatusSignal, { status: count % 2 ? 'preparation' : 'waiting' });
    }
  }
  const isCancelling = async () =>
    (await handle.fetchHistory()).events?.some((event) => event.activityTaskCancelRequestedEventAttributes) ?? false;
  return {
    move,
    /** Moves the order until its run is so long that it cancels its activities. */
    async outgrow(): Promise<void> {
      const isOutgrown = async () => {
        if (await isCancelling()) return true;
        await move();
        return false;
      };
      await waitFor('an order that cancels its activities', isOutgrown, { deadline: 20_000, every: 1 });
    },
    /** Returns the number of moves. */
    count: () => count,
    /** Returns the order's status after all moves. */
    status: () => (count % 2 ? 'preparation' : 'waiting'),
  };
}
