import type { Database } from '../../db/connection.ts';

/** Deletes the newest versions of an order from Postgres, as the restore of an older backup does. */
export async function forget(database: Database, orderId: string, fromVersion: number): Promise<void> {
  const older = { order_id: orderId, version: fromVersion - 1 };
  const { snapshot } = await database('order_events').where(older).first();
  await database('order_events').where({ order_id: orderId }).where('version', '>=', fromVersion).delete();
  await database('orders')
    .where({ id: orderId })
    .update({ status: snapshot.status, version: snapshot.version, snapshot });
}
