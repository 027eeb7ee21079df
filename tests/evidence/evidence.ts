import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { within } from '../../stack/wait.ts';

/** Keeps evidence in the folder of its test file. Never throws. */
type Collector = (folder: string) => Promise<void>;

declare global {
  /** Holds the data folders of the test file that runs. Missing outside of Jest. */
  var dataFolder: string | undefined;
  var evidenceCollectors: Set<Collector> | undefined;
}

/** Names the variable with the folder where a run of the tests keeps evidence of failures. */
export const EVIDENCE_FOLDER = 'CREMA_EVIDENCE';

/** Names the variable with the folder of the shared services' logs. */
export const SERVICE_LOGS = 'CREMA_SERVICE_LOGS';

/** Time for the workflows of one task queue, in ms. */
const DEADLINE_MS = 10_000;
const MOST_WORKFLOWS = 50;

/**
 * Makes a data folder for processes that a test starts. If a test fails, their logs in it are kept.
 *
 * @returns its path, and what removes it; in Jest it stays until the end of the test file
 */
export function makeDataFolder(name: string): { path: string; remove(): void } {
  const { dataFolder } = globalThis;
  const path = mkdtempSync(join(dataFolder ?? tmpdir(), `${name}-`));
  return { path, remove: () => !dataFolder && rmSync(path, { recursive: true, force: true }) };
}

/**
 * Makes failed tests of this file keep the open workflows of a task queue: their histories, and their pending activities
 * and workflow tasks with the attempts.
 *
 * @returns what ends that, for a client that is closed
 */
export function keepOnFailure(temporal: Client, taskQueue: string): () => void {
  const collect: Collector = async (folder) => {
    try {
      await within(DEADLINE_MS, keepWorkflows(temporal, taskQueue, join(folder, 'workflows')));
    } catch (error) {
      writeFileSync(join(folder, 'missing.txt'), `Workflows could not be kept: ${(error as Error).stack}\n`);
    }
  };
  globalThis.evidenceCollectors ??= new Set();
  globalThis.evidenceCollectors.add(collect);
  return () => globalThis.evidenceCollectors?.delete(collect);
}

async function keepWorkflows({ workflow }: Client, taskQueue: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  let count = 0;
  const query = `TaskQueue = '${taskQueue}' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of workflow.list({ query })) {
    const handle = workflow.getHandle(workflowId);
    const { pendingWorkflowTask = null, pendingActivities = [] } = (await handle.describe()).raw;
    const pending = JSON.stringify({ pendingWorkflowTask, pendingActivities }, undefined, 2);
    writeFileSync(join(folder, `${workflowId}.pending.json`), `${pending}\n`);
    writeFileSync(join(folder, `${workflowId}.history.json`), historyToJSON(await handle.fetchHistory()));
    count += 1;
    if (count === MOST_WORKFLOWS) break;
  }
}
