import { heartbeat, log } from '@temporalio/activity';
import type { AccountRequestRepository } from '../db/account-requests.ts';
import type { Erased, UserRepository } from '../db/users.ts';
import type { Erasure } from '../domain/account/account-request.ts';

/** The erasures recorded in Temporal. */
export interface ErasureRecords {
  list(): AsyncIterable<Erasure>;
}

/** Returns the activity that erases a user, except the last manager. */
export function createErase({ users }: { users: Pick<UserRepository, 'erase'> }) {
  return ({ userId, registeredAt }: Erasure): Promise<Erased> => users.erase(userId, registeredAt);
}

interface RepeatDependencies {
  erasures: ErasureRecords;
  users: Pick<UserRepository, 'eraseAgain'>;
}

/** Returns the activity that closes expired account requests and erases users again, see {@link eraseAgain}. */
export function createForget(dependencies: RepeatDependencies & { accountRequests: AccountRequestRepository }) {
  return async (): Promise<number> => {
    await dependencies.accountRequests.closeExpired();
    const erased = await eraseAgain(dependencies, heartbeat);
    if (erased > 0) log.info('erased users again after a restore', { erased });
    return erased;
  };
}

/** Erases all erased users again, in case a restored backup contains them. Returns the number of users that it contained. */
export async function eraseAgain(
  { erasures, users }: RepeatDependencies,
  onProgress: () => void = () => {},
): Promise<number> {
  let erased = 0;
  for await (const { userId, registeredAt } of erasures.list()) {
    if (await users.eraseAgain(userId, registeredAt)) erased += 1;
    onProgress();
  }
  return erased;
}
