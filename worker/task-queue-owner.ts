import { Client, type ConnectionLike, type ScheduleClient, ScheduleNotFoundError } from '@temporalio/client';
import type { Payload } from '@temporalio/common';
import { ConfigurationError } from '../config/environment.ts';
import type { Database } from '../db/connection.ts';
import { databaseId } from '../db/migrations.ts';
import { reconcileScheduleIdOf } from '../workflows/messages/definitions.ts';
import { createPayloadCodec } from '../workflows/payloads/codec.ts';
import type { NamespaceSettings } from './settings.ts';

// A task queue belongs to one shop (ADR 23). The memo of the reconciler's schedule identifies this shop.

type ShopSettings = Pick<NamespaceSettings, 'TEMPORAL_NAMESPACE' | 'TEMPORAL_TASK_QUEUE' | 'PAYLOAD_KEYS'>;

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
  const handle = scheduleClientOf(connection, settings).getHandle(reconcileScheduleIdOf(settings.TEMPORAL_TASK_QUEUE));
  const known = await handle.describe().catch((error) => {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  });
  refuseOtherOwner(settings, known?.action.memo?.shop, shop);
}

/** Returns a client that does not encrypt payloads, because shops with other keys must be able to read `shop` in the memo. */
export function scheduleClientOf(connection: ConnectionLike, settings: ShopSettings): ScheduleClient {
  const codec = { ...createPayloadCodec(settings.PAYLOAD_KEYS), encode: async (payloads: Payload[]) => payloads };
  const dataConverter = { payloadCodecs: [codec] };
  return new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE, dataConverter }).schedule;
}

/** @throws {ConfigurationError} if the owner of the task queue is another shop */
export function refuseOtherOwner(settings: ShopSettings, owner: unknown, shop: string): void {
  if (owner === undefined || owner === shop) return;
  const { TEMPORAL_NAMESPACE: namespace, TEMPORAL_TASK_QUEUE: taskQueue } = settings;
  throw new ConfigurationError(
    `The task queue ${taskQueue} of the namespace ${namespace} belongs to another shop, whose database was created at ${owner}. ` +
      'Set TEMPORAL_TASK_QUEUE to another task queue, for all processes of this shop. ' +
      'If this database replaces that one, run npm run prepare-namespace -- --replace.',
  );
}
