import type { TokenOrigin } from '../../db/oidc-artifacts.ts';
import type { Work } from '../../db/unit-of-work.ts';
import type { User } from '../../db/users.ts';
import type { Role } from '../../domain/actor.ts';
import type { AccountDependencies } from './dependencies.ts';
import { createAccountLinks } from './links.ts';
import { changePassword } from './password-change.ts';
import type { Confirmation } from './password-check.ts';
import { type AccountRefusal, LAST_MANAGER, orRefuse, WRONG_PASSWORD } from './refusals.ts';
import { createAccountRequests } from './requests.ts';

export type AccountService = ReturnType<typeof createAccountService>;

/** Changes accounts. On success, a method returns the user or undefined; otherwise it returns a refusal. */
export function createAccountService(dependencies: AccountDependencies) {
  return {
    ...createAccountRequests(dependencies),
    ...createAccountLinks(dependencies),
    changePassword: (who: Confirmation, newPassword: string, kept: Partial<TokenOrigin>) =>
      changePassword(dependencies, who, newPassword, kept),
    setRole: (userId: string, role: Role) => setRole(dependencies, userId, role),
    erase: (who: Confirmation) => erase(dependencies, who),
  };
}

async function setRole(
  { unitOfWork, onAccessChanged }: AccountDependencies,
  userId: string,
  role: Role,
): Promise<User | AccountRefusal> {
  const result = await unitOfWork<User | AccountRefusal>(async (work) => {
    if (role !== 'manager' && (await isLastManager(work, userId))) return LAST_MANAGER;
    await work.users.update(userId, { role });
    const user = await work.users.find(userId);
    if (!user) return { refused: 'not_found' };
    await work.accountRequests.closeAll(user);
    if (role !== 'manager') await work.accountRequests.closeInvitationsBy(userId);
    return user;
  });
  onAccessChanged(userId);
  return result;
}

/** Erases a user and their personal data. The user's orders stay, without the name. */
async function erase(
  { unitOfWork, users, workflows, checkPassword, onAccessChanged }: AccountDependencies,
  who: Confirmation,
): Promise<AccountRefusal | undefined> {
  const confirmed = await checkPassword(who);
  if ('refused' in confirmed) return confirmed;
  const { user, passwordVersion } = confirmed;
  const leaving = await unitOfWork<User | AccountRefusal>(async (work) => {
    if (user.role === 'manager' && (await isLastManager(work, user.id))) return LAST_MANAGER;
    return (await work.users.lock(user.id, passwordVersion)) ?? WRONG_PASSWORD;
  });
  if ('refused' in leaving) return leaving;
  const registeredAt = leaving.createdAt.getTime();
  const refused = await orRefuse('outcome_unknown', async () => {
    await workflows.erase({ userId: user.id, registeredAt });
    // The workflow also erases the user and retries until it succeeds. This call makes the erasure immediate. It also counts the
    // managers again under a lock, so that the last two managers cannot both leave at the same time.
    const result = await users.erase(user.id, registeredAt);
    return result === 'last_manager' ? LAST_MANAGER : undefined;
  });
  onAccessChanged(user.id);
  return refused;
}

async function isLastManager({ users }: Work, userId: string): Promise<boolean> {
  const managers = await users.managersForUpdate();
  return managers.length === 1 && managers[0] === userId;
}
