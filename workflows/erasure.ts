import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Erasure } from '../domain/account/account-request.ts';
import { DATABASE_RETRY } from './retry-policies.ts';

const { erase } = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: DATABASE_RETRY,
});

/**
 * Erases a user. The workflow then stays open as the record of the erasure: after Postgres is restored from a backup, the
 * reconciler erases the user again. Temporal would delete an ended workflow after the retention period.
 *
 * @param rememberFor how long backups are kept, in ms
 */
export async function erasure(user: Erasure, rememberFor: number): Promise<void> {
  // The last manager is not erased, so there is no erasure to record. In older histories, the activity has no result.
  if ((await erase(user)) === 'last_manager') return;
  await sleep(rememberFor, { summary: 'until no backup contains the user' });
}
