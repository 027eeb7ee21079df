import { type Connection, isGrpcServiceError, ScheduleAlreadyRunning, type ScheduleOptions } from '@temporalio/client';
import { reconcileScheduleIdOf, reconcileWorkflowType } from '../workflows/messages/definitions.ts';
import type { NamespaceSettings } from './settings.ts';
import { refuseOtherOwner, scheduleClientOf } from './task-queue-owner.ts';

/** The schedule id that earlier versions used for every task queue. The default task queue still has this id. */
const EARLIER_ID = reconcileScheduleIdOf('orders');

/** gRPC's code NOT_FOUND. */
const NOT_FOUND = 5;

/**
 * Creates or updates the schedule of this shop's reconciler. If an operator paused it, it stays paused.
 *
 * @throws {ConfigurationError} if the task queue belongs to another shop, unless `replace` is set
 */
export async function scheduleReconciler(
  connection: Connection,
  settings: NamespaceSettings,
  { shop, replace }: { shop: string; replace: boolean },
): Promise<void> {
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = settings;
  const schedule = scheduleClientOf(connection, settings);
  const scheduleId = reconcileScheduleIdOf(taskQueue);
  const earlier = scheduleId === EARLIER_ID ? undefined : await findEarlier(connection, namespace, taskQueue);
  const options = {
    scheduleId,
    spec: { intervals: [{ every: `${settings.RECONCILE_EVERY}m` }] },
    policies: { overlap: 'SKIP', catchupWindow: '10m' },
    action: {
      type: 'startWorkflow',
      workflowType: reconcileWorkflowType,
      workflowId: scheduleId,
      taskQueue,
      // A run that waits a day for a worker ends, so that the schedule can start the next run.
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
      if (!replace) refuseOtherOwner(settings, known.action.memo?.shop, shop);
      return { ...known, ...options };
    });
  }
  if (earlier) await schedule.getHandle(EARLIER_ID).delete();
}

/** Returns the state of a schedule that an earlier version created for this task queue. */
async function findEarlier({ workflowService }: Connection, namespace: string, taskQueue: string) {
  const found = await workflowService.describeSchedule({ namespace, scheduleId: EARLIER_ID }).catch((error) => {
    if (isGrpcServiceError(error) && error.code === NOT_FOUND) return undefined;
    throw error;
  });
  const { action, state } = found?.schedule ?? {};
  if (action?.startWorkflow?.taskQueue?.name !== taskQueue) return undefined;
  return { paused: state?.paused ?? false, note: state?.notes ?? '' };
}
