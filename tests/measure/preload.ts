import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { RUN_FOLDER } from './run-folder.ts';

// A measured run loads this file into every process (`node --import`), so that the worker's code needs no code for coverage.
// Other processes do not load the SDK, which would slow them down.
const worker = resolve(import.meta.dirname, '../../worker/main.ts');
if (process.env[RUN_FOLDER] && isMainThread && process.argv[1] === worker) {
  const { Worker } = await import('@temporalio/worker');
  const { measureWorkflows } = await import('./workflows.ts');
  const create = Worker.create.bind(Worker);
  Worker.create = (options) => create(options.workflowBundle ? measureWorkflows(options) : options);
}
