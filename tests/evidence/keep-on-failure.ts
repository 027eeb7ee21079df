import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { within } from '../../stack/wait.ts';

/** Writes evidence to a folder. Never throws. */
type Collector = (folder: string) => Promise<void>;

declare global {
  /** The parent of all data folders of the current test file. undefined outside of Jest. */
  var dataFolder: string | undefined;
  var evidenceCollectors: Set<Collector> | undefined;
}

/** The variable with the folder for evidence of failures. */
export const EVIDENCE_FOLDER = 'CREMA_EVIDENCE';

/** The variable with the folder of the shared services' logs. */
export const SERVICE_LOGS = 'CREMA_SERVICE_LOGS';

/** The time limit for collecting the workflows of one task queue, in ms. */
const TIMEOUT_MS = 10_000;
const MOST_WORKFLOWS = 50;

/**
 * Creates a data folder for processes that a test starts. If a test fails, their logs are kept.
 *
 * @returns the path, and a function that removes the folder; in Jest it stays until the end of the test file
 */
export function makeDataFolder(name: string): { path: string; remove(): void } {
  const { dataFolder } = globalThis;
  const path = mkdtempSync(join(dataFolder ?? tmpdir(), `${name}-`));
  // Lets other users enter the folder, because Postgres may run as another user and would otherwise keep its data elsewhere.
  chmodSync(path, 0o711);
  return { path, remove: () => !dataFolder && rmSync(path, { recursive: true, force: true }) };
}

/**
 * Makes failed tests of this file keep the open workflows of a task queue: their histories, pending activities and pending
 * workflow tasks.
 *
 * @returns a function that ends this; call it before the client is closed
 */
export function keepOnFailure(temporal: Client, taskQueue: string): () => void {
  const collect: Collector = async (folder) => {
    const kept = keepWorkflows(temporal, taskQueue, join(folder, 'workflows')).catch((error: Error) => error.stack);
    const missing = await within(TIMEOUT_MS, kept).then((result) => result ?? `Temporal took over ${TIMEOUT_MS} ms.`);
    if (missing !== 'all') writeFileSync(join(folder, `missing-workflows-${taskQueue}.txt`), `${missing}\n`);
  };
  globalThis.evidenceCollectors ??= new Set();
  globalThis.evidenceCollectors.add(collect);
  return () => globalThis.evidenceCollectors?.delete(collect);
}

/** @returns 'all', or a sentence about the missing workflows */
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
