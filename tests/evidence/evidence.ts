import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
 * @returns the path, and a function that removes the folder; in Jest it stays until the end of the test file
 */
export function makeDataFolder(name: string): { path: string; remove(): void } {
  const { dataFolder } = globalThis;
  const path = mkdtempSync(join(dataFolder ?? tmpdir(), `${name}-`));
  // As another user, Postgres would keep its data elsewhere.
  chmodSync(path, 0o711);
  return { path, remove: () => !dataFolder && rmSync(path, { recursive: true, force: true }) };
}

/**
 * Makes failed tests of this file keep the open workflows of a task queue: their histories, and their pending activities
 * and workflow tasks with the attempts.
 *
 * @returns a function that ends that; call it before the client is closed
 */
export function keepOnFailure(temporal: Client, taskQueue: string): () => void {
  const collect: Collector = async (folder) => {
    const kept = keepWorkflows(temporal, taskQueue, join(folder, 'workflows')).catch((error: Error) => error.stack);
    const missing = await within(DEADLINE_MS, kept).then((result) => result ?? `Temporal took over ${DEADLINE_MS} ms.`);
    if (missing !== 'all') writeFileSync(join(folder, `missing-workflows-${taskQueue}.txt`), `${missing}\n`);
  };
  globalThis.evidenceCollectors ??= new Set();
  globalThis.evidenceCollectors.add(collect);
  return () => globalThis.evidenceCollectors?.delete(collect);
}

/** @returns 'all', or a sentence that says which workflows are missing */
async function keepWorkflows({ workflow }: Client, taskQueue: string, folder: string): Promise<string> {
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
    if (count === MOST_WORKFLOWS) return `Only ${MOST_WORKFLOWS} workflows were kept.`;
  }
  return 'all';
}
