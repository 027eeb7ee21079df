import { join } from 'node:path';
import { mock } from 'node:test';
import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Activities } from '../../activities/create-activities.ts';
import { readWorkerSettings } from '../../worker/settings.ts';
import { createTemporalWorkers } from '../../worker/temporal-workers.ts';

afterEach(() => mock.restoreAll());

/** Returns the options of the Temporal workers that a worker process creates. */
async function optionsOfWorkers(environment: Record<string, string>): Promise<WorkerOptions[]> {
  const create = mock.method(Worker, 'create', async (_: WorkerOptions) => ({}) as Worker);
  const settings = readWorkerSettings({ WORKFLOW_BUNDLE: join('.build', 'any.js'), ...environment });
  const connection = {} as NativeConnection;
  await createTemporalWorkers(settings, { connection, dataConverter: {}, activities: {} as Activities });
  return create.mock.calls.map((call) => call.arguments[0]);
}

test.each([
  ['the default', {}, [300, 300, 100]],
  ['a small cache', { MAX_CACHED_WORKFLOWS: '50' }, [50, 50, 50]],
  ['a large cache', { MAX_CACHED_WORKFLOWS: '3000' }, [3_000, 3_000, 100]],
])('MAX_CACHED_WORKFLOWS limits the cache of every Temporal worker: %s', async (_, environment, sizes) => {
  const workers = await optionsOfWorkers(environment);
  expect(workers.map(({ maxCachedWorkflows }) => maxCachedWorkflows)).toEqual(sizes);
});

test('MAX_CACHED_WORKFLOWS must be at least the number of workflow tasks at a time', () => {
  expect(() => readWorkerSettings({ MAX_CACHED_WORKFLOWS: '15' })).toThrow('MAX_CACHED_WORKFLOWS must be');
});
