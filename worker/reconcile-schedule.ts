import {
  Client,
  type Connection,
  type ConnectionLike,
  isGrpcServiceError,
  ScheduleAlreadyRunning,
  type ScheduleClient,
  ScheduleNotFoundError,
  type ScheduleOptions,
} from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { ConfigurationError } from '../config/environment.ts';
import type { Database } from '../db/connection.ts';
import { databaseId } from '../db/migrations.ts';
import { reconcileScheduleIdOf, reconcileWorkflowType } from '../workflows/messages/definitions.ts';
import { createPayloadCodec } from '../workflows/payloads/codec.ts';
import type { NamespaceSettings } from './settings.ts';

/** Earlier versions used this schedule id for every task queue. The default task queue still does. */
const EARLIER_ID = reconcileScheduleIdOf('orders');

type ShopSettings = Pick<NamespaceSettings, 'TEMPORAL_NAMESPACE' | 'TEMPORAL_TASK_QUEUE' | 'PAYLOAD_KEYS'>;

/** gRPC's code NOT_FOUND. */
const NOT_FOUND = 5;

/**
 * Returns the time at which the shop's database was created. It identifies the shop within a namespace.
 *
 * @throws {ConfigurationError} if the database was never migrated
 */
export async function readShop(database: Database): Promise<string> {
  const shop = await databaseId(database);
  if (!shop) throw new ConfigurationError('The database has no tables yet: run npm run migrate first.');
  return shop;
}

/**
 * Checks that the task queue does not belong to another shop.
 *
 * @throws {ConfigurationError} if it belongs to another shop, or if the database was never migrated
 */
export async function checkShop(connection: ConnectionLike, settings: ShopSettings, database: Database): Promise<void> {
  const shop = await readShop(database);
  const handle = clientOf(connection, settings).getHandle(reconcileScheduleIdOf(settings.TEMPORAL_TASK_QUEUE));
  const known = await handle.describe().catch((error) => {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  });
  refuseOther(settings, known?.action.memo?.shop, shop);
}

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
  const schedule = clientOf(connection, settings);
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
      // A run that waits longer for a worker ends, so that the next one can start.
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
      if (!replace) refuseOther(settings, known.action.memo?.shop, shop);
      return { ...known, ...options };
    });
  }
  if (earlier) await schedule.getHandle(EARLIER_ID).delete();
}

/** Returns a client that does not encrypt payloads: shops with other keys must be able to read `shop` in the schedule's memo. */
function clientOf(connection: ConnectionLike, settings: ShopSettings): ScheduleClient {
  const codec = { ...createPayloadCodec(settings.PAYLOAD_KEYS), encode: async (payloads: Payload[]) => payloads };
  const dataConverter = { payloadCodecs: [codec] };
  return new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE, dataConverter }).schedule;
}

function refuseOther(settings: ShopSettings, owner: unknown, shop: string): void {
  if (owner === undefined || owner === shop) return;
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = settings;
  throw new ConfigurationError(
    `The task queue ${taskQueue} of the namespace ${namespace} belongs to another shop, whose database was created at ${owner}. ` +
      'Set TEMPORAL_TASK_QUEUE to another task queue, for all processes of this shop. ' +
      'If this database replaces that one, run npm run prepare-namespace -- --replace.',
  );
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
