import { Client, Connection, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { readTemporalConfig } from '../config/settings.ts';
import { clientConnection } from '../config/temporal-connection.ts';
import { reconcileScheduleId, reconcileWorkflowType, searchAttributes } from '../workflows/messages/definitions.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';

// Gives Temporal's namespace what it lacks: search attributes and the reconciler's schedule. Can run before every start.

/** Temporal's numbers of the types that are in use (`temporal.api.enums.v1.IndexedValueType`). */
const indexedValueType: Record<string, number> = {
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.DOUBLE]: 4,
};

const DEADLINE_MS = 30_000;

await runCommand(async () => {
  const config = readTemporalConfig(readEnvironment());
  const connection = await Connection.connect(clientConnection(config));
  try {
    await connection.withDeadline(Date.now() + DEADLINE_MS, async () => {
      const names = (await registerSearchAttributes(connection, config.TEMPORAL_NAMESPACE)).join(', ');
      console.log(names ? `Registered search attributes: ${names}` : 'The search attributes are registered.');
      await scheduleReconciler(connection, config);
      console.log(`The reconciler runs every ${config.RECONCILE_EVERY} minutes.`);
    });
  } finally {
    await connection.close();
  }
});

/** @returns the names of those that were missing */
async function registerSearchAttributes({ operatorService }: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes));
  if (missing.length > 0) {
    const types = Object.fromEntries(missing.map(({ name, type }) => [name, indexedValueType[type]]));
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: types as Record<string, number>,
    });
  }
  return missing.map(({ name }) => name);
}

/** An operator's pause, or a run by hand, stays as it is; only when and what is ours. */
async function scheduleReconciler(connection: Connection, config: ReturnType<typeof readTemporalConfig>) {
  const { schedule } = new Client({
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    dataConverter: createDataConverter(config.PAYLOAD_KEYS),
  });
  const options = {
    scheduleId: reconcileScheduleId,
    spec: { intervals: [{ every: `${config.RECONCILE_EVERY}m` }] },
    policies: { overlap: 'SKIP', catchupWindow: '10m' },
    action: {
      type: 'startWorkflow',
      workflowType: reconcileWorkflowType,
      workflowId: reconcileWorkflowType,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      // One that waits for a worker for longer makes room for the next.
      workflowExecutionTimeout: '1 day',
      args: [],
    },
  } satisfies ScheduleOptions;
  try {
    await schedule.create(options);
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.getHandle(reconcileScheduleId).update((known) => ({ ...known, ...options }));
  }
}
