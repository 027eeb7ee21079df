import { log } from '@temporalio/activity';
import type { AccountRequestRepository } from '../db/account-requests.ts';
import type { CustomerNames } from '../db/customer-names.ts';
import type { Erased, UserRepository } from '../db/users.ts';
import type { Erasure } from '../domain/account/account-request.ts';

/** The erasures recorded in Temporal. */
export interface ErasureRecords {
  list(): AsyncIterable<Erasure>;
}

/** Returns the activity that erases a user, unless the user is the last manager. */
export function createErase({ users }: { users: Pick<UserRepository, 'erase'> }) {
  return ({ userId, registeredAt }: Erasure): Promise<Erased> => users.erase(userId, registeredAt);
}

interface RepeatDependencies {
  erasures: ErasureRecords;
  users: Pick<UserRepository, 'eraseAgain'>;
}

interface ForgetDependencies extends RepeatDependencies {
  accountRequests: AccountRequestRepository;
  customerNames: Pick<CustomerNames, 'deleteEnded'>;
  /** Days after the end of a counter order until its customer's name is deleted. */
  customerNameDays: number;
}

/**
 * Returns the activity that deletes expired account requests, repeats erasures ({@link eraseAgain}), and deletes the names of old
 * counter orders.
 */
export function createForget({
  accountRequests,
  customerNames,
  customerNameDays,
  ...dependencies
}: ForgetDependencies) {
  return async (): Promise<number> => {
    await accountRequests.closeExpired();
    const erased = await eraseAgain(dependencies);
    if (erased > 0) log.info('erased users again after a restore', { erased });
    const deleted = await customerNames.deleteEnded(customerNameDays);
    if (deleted > 0) log.info('deleted names of counter orders', { deleted });
    return erased;
  };
}

/** Repeats all erasures, because a restored backup may contain erased users. Returns the number of users that it contained. */
export async function eraseAgain({ erasures, users }: RepeatDependencies): Promise<number> {
  let erased = 0;
  for await (const { userId, registeredAt } of erasures.list()) {
    if (await users.eraseAgain(userId, registeredAt)) erased += 1;
  }
  return erased;
}
