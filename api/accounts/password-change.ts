import type { TokenOrigin } from '../../db/oidc-artifacts.ts';
import type { Work } from '../../db/unit-of-work.ts';
import { hashPassword } from '../auth/password-hash.ts';
import type { AccountDependencies } from './dependencies.ts';
import type { Confirmation } from './password-check.ts';
import { type AccountRefusal, orRefuse, WRONG_PASSWORD } from './refusals.ts';

/** @param kept the session that stays open; all others end */
export async function changePassword(
  dependencies: AccountDependencies,
  who: Confirmation,
  newPassword: string,
  kept: Partial<TokenOrigin>,
): Promise<AccountRefusal | undefined> {
  const confirmed = await dependencies.checkPassword(who);
  if ('refused' in confirmed) return confirmed;
  const { user, passwordVersion: version } = confirmed;
  const refused = await dependencies.passwordRules.refuse(newPassword, [user.email, user.name]);
  if (refused) return refused;
  const change = { userId: user.id, version, passwordHash: await hashPassword(newPassword) };
  const endOtherSessions = async (work: Work) => {
    await work.artifacts.removeByAccount(user.id, kept);
    return true;
  };
  return replacePassword(dependencies, change, endOtherSessions, WRONG_PASSWORD);
}

/**
 * Replaces a password of this version and closes the account's open requests. First starts the workflow that notifies the user,
 * so the password does not change while Temporal is unavailable. The workflow sends its email once the new password is stored.
 *
 * @param alsoChange runs in the same transaction; if it returns false, the password does not change
 * @param otherwise the refusal if `alsoChange` returns false, or if the password has another version
 */
export async function replacePassword(
  { workflows, unitOfWork, onAccessChanged }: AccountDependencies,
  { userId, version, passwordHash }: { userId: string; version: number; passwordHash: string },
  alsoChange: (work: Work) => Promise<boolean>,
  otherwise: AccountRefusal,
): Promise<AccountRefusal | undefined> {
  const refused = await orRefuse('unavailable', async () => {
    await workflows.email({ about: 'password_changed', userId, passwordVersion: version + 1 });
    return unitOfWork(async (work) => {
      const user = await work.users.lock(userId, version);
      if (!user || !(await alsoChange(work))) return otherwise;
      await work.users.setPassword(userId, passwordHash);
      await work.accountRequests.closeAll(user);
      return undefined;
    });
  });
  if (!refused) onAccessChanged(userId);
  return refused;
}
