import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DefaultLogger,
  makeTelemetryFilterString,
  type ReplayHistoriesIterable,
  type ReplayWorkerOptions,
  Runtime,
  Worker,
} from '@temporalio/worker';

const folder = join(import.meta.dirname, 'histories');

/** The names of the recorded histories. */
export const recordings = readdirSync(folder).map((file) => file.replace('.json', ''));

export const readRecording = (name: string) => JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));

/** Makes the SDK log only errors, because replays of histories that fail on purpose log many warnings. */
export function installQuietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
  });
}

/** Replays recordings, see {@link replayErrors}. */
export const replayRecordings = (options: ReplayWorkerOptions, names: string[]) =>
  replayErrors(
    options,
    names.map((workflowId) => ({ workflowId, history: readRecording(workflowId) })),
  );

/**
 * Replays histories with one worker for all of them, as starting a worker takes longer than a replay.
 *
 * @returns the error of each history by workflow id; null if it replays
 */
export async function replayErrors(
  options: ReplayWorkerOptions,
  histories: ReplayHistoriesIterable,
): Promise<Map<string, Error | null>> {
  const errors = new Map<string, Error | null>();
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) {
    errors.set(workflowId, error ?? null);
  }
  return errors;
}
