import { randomUUID } from 'node:crypto';
import type { NewAccountRequest } from '../../db/account-requests.ts';
import type { Work } from '../../db/unit-of-work.ts';
import type { Role } from '../../domain/actor.ts';
import type { AccountDependencies } from './dependencies.ts';
import type { Confirmation } from './password-check.ts';
import { type AccountRefusal, orRefuse, WRONG_PASSWORD } from './refusals.ts';

interface Newcomer {
  email: string;
  name: string;
  language?: string | undefined;
}

/**
 * Creates the functions that send an email with a link. Only the result of `invite` reveals whether an address has an account.
 */
export function createAccountRequests(dependencies: AccountDependencies) {
  const { users, unitOfWork, workflows, checkPassword, takeEmailQuota } = dependencies;

  const register = (newcomer: Newcomer) =>
    request(dependencies, { id: randomUUID(), purpose: 'registration', role: 'customer', ...newcomer });

  const requestReset = (email: string) => request(dependencies, { id: randomUUID(), purpose: 'reset', email });

  async function invite(invitation: Newcomer & { role: Role; invitedBy: string }): Promise<AccountRefusal | undefined> {
    if (await users.findByEmail(invitation.email)) return { refused: 'email_taken' };
    // Until the invitation is stored, the lock delays a demotion of the manager, which then closes this invitation, too.
    return request(dependencies, { id: randomUUID(), purpose: 'invitation', ...invitation }, async (work) =>
      (await work.users.lock(invitation.invitedBy))?.role === 'manager' ? undefined : { refused: 'forbidden' },
    );
  }

  /** Sends a link to the new address and a warning to the current one. The user's address changes when the link is used. */
  async function changeAddress(who: Confirmation, email: string): Promise<AccountRefusal | undefined> {
    const confirmed = await checkPassword(who);
    if ('refused' in confirmed) return confirmed;
    const { user, passwordVersion } = confirmed;
    for (const address of [email, user.email]) {
      const refused = await takeEmailQuota(address, 'address');
      if (refused) return refused;
    }
    const { id: userId, name, language } = user;
    const id = randomUUID();
    const opened = await unitOfWork(async (work) => {
      if (!(await work.users.lock(userId, passwordVersion))) return false;
      await work.accountRequests.closeAll(user, 'address');
      await work.accountRequests.open({ id, purpose: 'address', email, name, userId, language });
      return true;
    });
    if (!opened) return WRONG_PASSWORD;
    return emailOrClose(dependencies, id, () => workflows.email({ about: 'address_asked', userId }));
  }

  return { register, invite, requestReset, changeAddress };
}

/**
 * Stores a request and starts the workflow of its email. If Temporal is unavailable, deletes the request.
 *
 * @param check runs in the transaction that stores the request, and may refuse the request
 */
async function request(
  dependencies: AccountDependencies,
  newRequest: NewAccountRequest,
  check: (work: Work) => Promise<AccountRefusal | undefined> = async () => undefined,
): Promise<AccountRefusal | undefined> {
  const overQuota = await dependencies.takeEmailQuota(newRequest.email, newRequest.purpose);
  if (overQuota) return overQuota;
  const refused = await dependencies.unitOfWork(async (work) => {
    const found = await check(work);
    if (!found) await work.accountRequests.open(newRequest);
    return found;
  });
  return refused ?? emailOrClose(dependencies, newRequest.id);
}

/** Runs `before`, if given, then starts the workflow of a request's email. Deletes the request if either fails. */
async function emailOrClose(
  { accountRequests, workflows }: AccountDependencies,
  requestId: string,
  before?: () => Promise<void>,
): Promise<AccountRefusal | undefined> {
  return orRefuse('unavailable', async () => {
    try {
      await before?.();
      await workflows.email({ about: 'request', requestId });
      return undefined;
    } catch (error) {
      // The workflow may have started despite the error. It then finds no request and sends no email.
      await accountRequests.close(requestId);
      throw error;
    }
  });
}
