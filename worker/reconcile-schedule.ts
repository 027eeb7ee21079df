import {
  Client,
  type Connection,
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
} from '@temporalio/client';
import { ConfigurationError } from '../config/environment.ts';
import type { readTemporalConfig } from '../config/settings.ts';
import { reconcileScheduleIdOf, reconcileWorkflowType } from '../workflows/messages/definitions.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';

/** Earlier versions had this one schedule for a namespace, whatever the task queue. It is still that of the default one. */
const EARLIER_ID = reconcileScheduleIdOf('orders');

/** gRPC's code for what is not there. */
const NOT_FOUND = 5;

/**
 * Makes or updates the schedule of this shop's reconciler. An operator's pause stays.
 *
 * @throws {ConfigurationError} if the task queue belongs to another shop, unless `replace` is set
 */
export async function scheduleReconciler(
  connection: Connection,
  config: ReturnType<typeof readTemporalConfig>,
  { shop, replace }: { shop: string; replace: boolean },
) {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = config;
  const dataConverter = createDataConverter(config.PAYLOAD_KEYS);
  const { schedule } = new Client({ connection, namespace, dataConverter });
  const scheduleId = reconcileScheduleIdOf(taskQueue);
  const earlier = scheduleId === EARLIER_ID ? undefined : await findEarlier(connection, namespace, taskQueue);
  const options = {
    scheduleId,
    spec: { intervals: [{ every: `${config.RECONCILE_EVERY}m` }] },
    policies: { overlap: 'SKIP', catchupWindow: '10m' },
    action: {
      type: 'startWorkflow',
      workflowType: reconcileWorkflowType,
      workflowId: scheduleId,
      taskQueue,
      // One that waits for a worker for longer makes room for the next.
      workflowExecutionTimeout: '1 day',
      args: [],
      memo: { shop },
    },
  } satisfies ScheduleOptions;
  try {
    await schedule.create({ ...options, ...(earlier?.paused && { state: { paused: true, note: earlier.note } }) });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await schedule.getHandle(scheduleId).update((known) => {
      const owner = known.action.memo?.shop ?? shop;
      if (owner !== shop && !replace)
        throw new ConfigurationError(belongsToAnother(taskQueue, namespace, String(owner)));
      return { ...known, ...options };
    });
  }
  if (earlier) await schedule.getHandle(EARLIER_ID).delete();
}

const belongsToAnother = (taskQueue: string, namespace: string, owner: string): string =>
  `The task queue ${taskQueue} of the namespace ${namespace} belongs to another shop, whose database was made at ${owner}: ` +
  'set TEMPORAL_TASK_QUEUE to one of its own, for all processes of this shop. ' +
  'If that database is gone and this one takes its place: npm run prepare-namespace -- --replace.';

/** Returns the schedule that an earlier version made for this task queue. Its arguments, which may be another shop's, stay unread. */
async function findEarlier({ workflowService }: Connection, namespace: string, taskQueue: string) {
  const found = await workflowService.describeSchedule({ namespace, scheduleId: EARLIER_ID }).catch((error) => {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return undefined;
    throw error;
  });
  const { action, state } = found?.schedule ?? {};
  if (action?.startWorkflow?.taskQueue?.name !== taskQueue) return undefined;
  return { paused: state?.paused ?? false, note: state?.notes ?? '' };
}
