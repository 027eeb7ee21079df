import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowCoverage } from '@temporalio/nyc-test-coverage';
import type { WorkerOptions } from '@temporalio/worker';
import { RUN_FOLDER, runFolder } from './run-folder.ts';

/**
 * Makes a worker run the bundle that counts, and leave its counts where the report finds them.
 *
 * @param options what it would run with in production
 */
export function measureWorkflows(options: WorkerOptions): WorkerOptions {
  const { bundle, workflows } = runFolder(process.env[RUN_FOLDER] ?? '');
  const counters: { __coverage__?: unknown } = Object.assign(globalThis, { __coverage__: {} });
  const coverage = new WorkflowCoverage();

  const file = join(workflows, `${process.pid}-${Date.now()}.json`);
  const write = () => {
    if (coverage.coverageMapsData.length === 0) return;
    coverage.mergeIntoGlobalCoverage();
    writeFileSync(`${file}.part`, JSON.stringify(counters.__coverage__));
    renameSync(`${file}.part`, file);
  };
  process.on('exit', write);
  setInterval(write, 1000).unref(); // for a worker that a test kills without warning

  const { workflowsPath: _, bundlerOptions: __, ...rest } = options;
  return coverage.augmentWorkerOptionsWithBundle({ ...rest, workflowBundle: { codePath: bundle } });
}
