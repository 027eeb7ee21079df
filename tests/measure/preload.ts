import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { RUN_FOLDER } from './run-folder.ts';

// A measured run loads this into every process (`node --import`), so that the worker's own entry runs as it is: it knows
// nothing of coverage, and is itself measured. Other processes must not pay for loading the SDK.
const worker = resolve(import.meta.dirname, '../../worker/main.ts');
if (process.env[RUN_FOLDER] && isMainThread && process.argv[1] === worker) {
  const { Worker } = await import('@temporalio/worker');
  const { measureWorkflows } = await import('./workflows.ts');
  const create = Worker.create.bind(Worker);
  // A worker without workflows has none to measure.
  Worker.create = (options) => create(options.workflowBundle ? measureWorkflows(options) : options);
}
