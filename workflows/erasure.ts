import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities/create-activities.ts';
import type { Erasure } from '../domain/account/account-request.ts';
import { DATABASE_RETRY } from './retry-policies.ts';

const { erase } = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: DATABASE_RETRY,
});

/**
 * Forgets a person, and remembers to have done so: as long as it stands in Temporal, the reconciler does it again, in case
 * Postgres was restored from a backup that still knows them. It stays open for that, as closed ones go with the retention.
 *
 * @param rememberFor how old a backup may be, in ms
 */
export async function erasure(whom: Erasure, rememberFor: number): Promise<void> {
  // The last manager stays, and there is nothing to remember. Older histories have no answer here.
  if ((await erase(whom)) === 'last_manager') return;
  await sleep(rememberFor, { summary: 'until no backup knows them' });
}
