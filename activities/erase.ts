import type { Erased, UserRepository } from '../db/users.ts';
import type { Erasure } from '../domain/account/account-request.ts';

/** Who was erased, as far as Temporal remembers it. */
export interface ErasureRecords {
  list(): AsyncIterable<Erasure>;
}

/** Forgets a person, unless they are the last manager; who is forgotten already stays so. */
export function createErase({ users }: { users: Pick<UserRepository, 'erase'> }) {
  return ({ userId, registeredAt }: Erasure): Promise<Erased> => users.erase(userId, registeredAt);
}

/** Forgets everybody again who was erased: a restored backup may know them. Returns how many it knew. */
export async function eraseAgain(
  { erasures, users }: { erasures: ErasureRecords; users: Pick<UserRepository, 'eraseAgain'> },
  progress: () => void = () => {},
): Promise<number> {
  let erased = 0;
  for await (const { userId, registeredAt } of erasures.list()) {
    if (await users.eraseAgain(userId, registeredAt)) erased += 1;
    progress();
  }
  return erased;
}
