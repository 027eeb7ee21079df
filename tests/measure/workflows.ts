import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InjectedSinks, WorkerOptions } from '@temporalio/worker';
import type { FileCoverageData } from 'istanbul-lib-coverage';
import { RUN_FOLDER, runFolder } from './run-folder.ts';
import type { Counts, CoverageSinks } from './workflow-interceptor.ts';

/**
 * Makes a worker run the instrumented bundle, and write its counts for the report.
 *
 * @param options the worker's options in production
 */
export function measureWorkflows(options: WorkerOptions): WorkerOptions {
  const { bundle, workflows } = runFolder(process.env[RUN_FOLDER] ?? '');
  const files: Record<string, FileCoverageData> = {};
  let changed = false;

  const file = join(workflows, `${process.pid}-${performance.now()}.json`);
  const write = () => {
    if (!changed) return;
    changed = false;
    writeFileSync(`${file}.part`, JSON.stringify(files));
    renameSync(`${file}.part`, file);
  };
  process.on('exit', write);
  setInterval(write, 1000).unref(); // In case a test kills the worker.

  const sinks: InjectedSinks<CoverageSinks> = {
    coverage: {
      describe: {
        fn(_, described) {
          for (const [path, map] of Object.entries(described)) files[path] ??= withoutCounts(map);
        },
        callDuringReplay: true,
      },
      add: {
        fn(_, counts) {
          for (const [path, each] of Object.entries(counts)) addCounts(files[path]!, each);
          changed = true;
        },
        callDuringReplay: false,
      },
    },
  };
  const { workflowsPath: _, bundlerOptions: __, ...rest } = options;
  return { ...rest, workflowBundle: { codePath: bundle }, sinks: { ...options.sinks, ...sinks } };
}

function withoutCounts(map: FileCoverageData): FileCoverageData {
  const zeros = (counts: Record<string, number>) => Object.fromEntries(Object.keys(counts).map((key) => [key, 0]));
  const arms = Object.entries(map.b).map(([key, counts]) => [key, counts.map(() => 0)]);
  return { ...map, s: zeros(map.s), f: zeros(map.f), b: Object.fromEntries(arms) };
}

function addCounts(file: FileCoverageData, { s, f, b }: Counts): void {
  for (const [key, count] of Object.entries(s)) file.s[key]! += count;
  for (const [key, count] of Object.entries(f)) file.f[key]! += count;
  for (const [key, counts] of Object.entries(b)) {
    for (const [arm, count] of counts.entries()) file.b[key]![arm]! += count;
  }
}
