import { randomUUID } from 'node:crypto';
import type { Work } from '../../db/unit-of-work.ts';
import { AddressTaken, type User } from '../../db/users.ts';
import { canonicalEmail } from '../../domain/account/canonical-email.ts';
import type { Purpose } from '../../domain/account/link.ts';
import { hashPassword } from '../auth/password-hash.ts';
import type { AccountDependencies } from './dependencies.ts';
import { replacePassword } from './password-change.ts';
import { type AccountRefusal, INVALID_LINK } from './refusals.ts';

/** Creates the functions that use a link in an email. Each link works once. */
export function createAccountLinks(dependencies: AccountDependencies) {
  const { users, accountRequests, passwordRules } = dependencies;

  /** Opens a registered account, which requires its first password, or confirms a new address. */
  async function verify(token: string, password?: string): Promise<User | AccountRefusal> {
    const request = await accountRequests.peek(token, 'registration', 'address');
    if (!request) return INVALID_LINK;
    if (request.userId) return confirmAddress(dependencies, token, request.userId);
    return password === undefined ? { refused: 'password_required' } : setPassword(token, password, 'registration');
  }

  /** Opens an invited account with its first password, or resets the password of an account and ends its sessions. */
  const choosePassword = (token: string, password: string) => setPassword(token, password, 'invitation', 'reset');

  async function setPassword(token: string, password: string, ...purposes: Purpose[]): Promise<User | AccountRefusal> {
    const request = await accountRequests.peek(token, ...purposes);
    if (!request) return INVALID_LINK;
    const { userId, email } = request;
    const owner = userId ? await users.findWithPassword(userId) : undefined;
    const refused = await passwordRules.refuse(password, [email, owner?.user.name ?? request.name ?? '']);
    if (refused) return refused;
    const passwordHash = await hashPassword(password);
    if (!userId) return openAccount(dependencies, token, passwordHash);
    // A reset is valid only while the account has the address that the link was sent to.
    if (!owner || canonicalEmail(owner.user.email) !== canonicalEmail(email)) return INVALID_LINK;
    const change = { userId, version: owner.password.version, passwordHash };
    const useLink = async (work: Work) => {
      if (!(await work.accountRequests.take(token, 'reset'))) return false;
      await work.artifacts.removeByAccount(userId);
      return true;
    };
    const failed = await replacePassword(dependencies, change, useLink, INVALID_LINK);
    return failed ?? (await users.find(userId)) ?? INVALID_LINK;
  }

  return { verify, choosePassword };
}

function openAccount(
  { unitOfWork }: AccountDependencies,
  token: string,
  passwordHash: string,
): Promise<User | AccountRefusal> {
  return unitOfWork(async (work) => {
    const request = await work.accountRequests.take(token, 'registration', 'invitation');
    if (!request) return INVALID_LINK;
    const { email, name, role, language } = request;
    const user = { id: randomUUID(), email, name: name ?? email, role: role ?? 'customer', language, passwordHash };
    // An account with this address may exist by now, if another link for the address was used first.
    return (await work.users.create(user)) ?? INVALID_LINK;
  });
}

async function confirmAddress(
  { unitOfWork }: AccountDependencies,
  token: string,
  userId: string,
): Promise<User | AccountRefusal> {
  try {
    return await unitOfWork(async (work) => {
      const user = await work.users.lock(userId);
      const request = user && (await work.accountRequests.take(token, 'address'));
      if (!request) return INVALID_LINK;
      await work.users.setEmail(userId, request.email);
      await work.accountRequests.closeAll(user);
      return (await work.users.find(userId)) ?? INVALID_LINK;
    });
  } catch (error) {
    if (error instanceof AddressTaken) return INVALID_LINK;
    throw error;
  }
}
