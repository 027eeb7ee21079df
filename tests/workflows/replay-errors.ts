import { type ReplayHistoriesIterable, type ReplayWorkerOptions, Worker } from '@temporalio/worker';

/**
 * Replays histories with one worker for all of them, as starting a worker takes longer than a replay.
 *
 * @returns the error of each history that does not replay, or undefined if it does, by workflow id
 */
export async function replayErrors(
  options: ReplayWorkerOptions,
  histories: ReplayHistoriesIterable,
): Promise<Map<string, Error | undefined>> {
  const errors = new Map<string, Error | undefined>();
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories))
    errors.set(workflowId, error);
  return errors;
}
