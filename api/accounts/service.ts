import { randomUUID } from 'node:crypto';
import type { AccountRequestRepository, NewAccountRequest } from '../../db/account-requests.ts';
import type { TokenOrigin } from '../../db/oidc-artifacts.ts';
import type { UnitOfWork, Work } from '../../db/unit-of-work.ts';
import { type Account, AddressTaken, type User, type UserRepository } from '../../db/users.ts';
import { canonicalEmail } from '../../domain/account/canonical-email.ts';
import type { Purpose } from '../../domain/account/link.ts';
import type { Role } from '../../domain/actor.ts';
import { hashPassword } from '../auth/passwords.ts';
import { OutcomeUnknown } from '../http/deadline.ts';
import type { QuotaStatus } from '../http/limits/quota.ts';
import type { Confirmation, PasswordCheck } from './password-check.ts';
import type { PasswordRefusal, PasswordRules } from './password-rules.ts';
import type { AccountWorkflows } from './workflows.ts';

/** Temporal cannot be reached: nothing was done, or, for an erasure, perhaps everything. */
export type Unreachable = { refused: 'unavailable' | 'outcome_unknown'; cause: unknown };
export type WrongPassword = { refused: 'wrong_password' };
/** Too many wrong passwords, or too many mails to one address. */
export type RateLimited = { refused: 'rate_limited'; status: QuotaStatus };
export type InvalidLink = { refused: 'invalid_link' };
/** A registration's link opens the account only together with a password. */
export type PasswordRequired = { refused: 'password_required' };
export type LastManager = { refused: 'last_manager' };
type NotConfirmed = WrongPassword | RateLimited;
type NotMailed = RateLimited | Unreachable;

/** What an account can be asked for. `undefined` says that it is done. */
export interface AccountService {
  /** Answers the same for an address that is known and for one that is not. */
  register(who: { email: string; name: string; language?: string | undefined }): Promise<undefined | NotMailed>;
  /**
   * By a link: opens the account of somebody who registered, with the password that they choose now, or gives an account
   * the address that was asked for, which takes no password.
   */
  verify(
    token: string,
    password?: string,
  ): Promise<Account | InvalidLink | PasswordRequired | PasswordRefusal | Unreachable>;
  /** @param who `invitedBy` is the manager who invites: the link works as long as they are one */
  invite(who: {
    email: string;
    name: string;
    role: Role;
    language?: string | undefined;
    invitedBy: string;
  }): Promise<undefined | { refused: 'email_taken' | 'forbidden' } | NotMailed>;
  revokeInvitation(id: string): Promise<undefined | { refused: 'not_found' }>;
  /** Answers the same for an address that is known and for one that is not. */
  requestReset(email: string): Promise<undefined | NotMailed>;
  /**
   * By a link: opens the account of somebody who was invited, or gives an account a new password and ends its sessions.
   */
  choosePassword(token: string, password: string): Promise<Account | PasswordRefusal | InvalidLink | Unreachable>;
  /** @param kept the session that goes on; all others end */
  changePassword(
    who: Confirmation,
    next: string,
    kept: Partial<TokenOrigin>,
  ): Promise<undefined | NotConfirmed | PasswordRefusal | Unreachable>;
  /** Asks for another address; it is theirs once the link that is mailed there was used. A mail tells the present one. */
  changeAddress(who: Confirmation, email: string): Promise<undefined | NotConfirmed | NotMailed>;
  setRole(userId: string, role: Role): Promise<Account | { refused: 'not_found' } | LastManager>;
  /** Forgets a person, for ever. */
  erase(who: Confirmation): Promise<undefined | NotConfirmed | LastManager | Unreachable>;
}

interface Dependencies {
  users: UserRepository;
  accountRequests: AccountRequestRepository;
  unitOfWork: UnitOfWork;
  workflows: AccountWorkflows;
  passwordRules: PasswordRules;
  checkPassword: PasswordCheck;
  /** Counts a mail to an address that somebody has typed. Returns a refusal if there were too many for this purpose. */
  takeMailQuota: (email: string, purpose: Purpose) => Promise<RateLimited | undefined>;
  /** Is told the id of everybody whose role or sessions were taken away, once they are. */
  ended: (userId: string) => void;
}

/** How long Temporal may take, in ms. */
const DEADLINE_MS = 3_000;

const WRONG: WrongPassword = { refused: 'wrong_password' };
const INVALID: InvalidLink = { refused: 'invalid_link' };

/** No transaction stays open while Temporal is called: its locks would outlast a process that hangs. */
export function createAccountService({
  users,
  accountRequests,
  unitOfWork,
  workflows,
  passwordRules,
  checkPassword,
  takeMailQuota,
  ended,
}: Dependencies): AccountService {
  const deadline = () => Date.now() + DEADLINE_MS;

  const register: AccountService['register'] = (who) =>
    ask({ id: randomUUID(), purpose: 'registration', role: 'customer', ...who });

  const invite: AccountService['invite'] = async (who) => {
    if (await users.findByEmail(who.email)) return { refused: 'email_taken' };
    // Their role cannot be taken away before the invitation is there: it would not be closed with the others.
    return ask({ id: randomUUID(), purpose: 'invitation', ...who }, async (work) =>
      (await work.users.lock(who.invitedBy))?.role === 'manager' ? undefined : { refused: 'forbidden' },
    );
  };

  const revokeInvitation: AccountService['revokeInvitation'] = async (id) =>
    (await accountRequests.revokeInvitation(id)) ? undefined : { refused: 'not_found' };

  const requestReset: AccountService['requestReset'] = (email) => ask({ id: randomUUID(), purpose: 'reset', email });

  const verify: AccountService['verify'] = async (token, password) => {
    const request = await accountRequests.peek(token, 'registration', 'address');
    if (!request) return INVALID;
    const { userId } = request;
    if (userId) return confirmAddress(token, userId);
    return password === undefined ? { refused: 'password_required' } : setPassword(token, password, 'registration');
  };

  const choosePassword: AccountService['choosePassword'] = (token, password) =>
    setPassword(token, password, 'invitation', 'reset');

  async function setPassword(
    token: string,
    password: string,
    ...purposes: Purpose[]
  ): Promise<Account | PasswordRefusal | InvalidLink | Unreachable> {
    const request = await accountRequests.peek(token, ...purposes);
    if (!request) return INVALID;
    const { userId, email } = request;
    const owner = userId ? await users.findWithPassword(userId) : undefined;
    const refused = await passwordRules.refuse(password, [email, owner?.user.name ?? request.name ?? '']);
    if (refused) return refused;
    const passwordHash = await hashPassword(password);
    if (!userId) return openAccount(token, passwordHash);
    // A reset counts only for the account's present address.
    if (!owner || canonicalEmail(owner.user.email) !== canonicalEmail(email)) return INVALID;
    const { version } = owner.password;
    const takeLink = async (work: Work) => {
      if (!(await work.accountRequests.take(token, 'reset'))) return false;
      await work.artifacts.removeByAccount(userId);
      return true;
    };
    const failed = await replacePassword({ userId, version, passwordHash }, takeLink, INVALID);
    return failed ?? (await users.findAccount(userId)) ?? INVALID;
  }

  const changePassword: AccountService['changePassword'] = async (who, next, kept) => {
    const confirmed = await confirm(who);
    if ('refused' in confirmed) return confirmed;
    const { user, passwordVersion: version } = confirmed;
    const refused = await passwordRules.refuse(next, [user.email, user.name]);
    if (refused) return refused;
    const passwordHash = await hashPassword(next);
    const endSessions = async (work: Work) => {
      await work.artifacts.removeByAccount(user.id, kept);
      return true;
    };
    return replacePassword({ userId: user.id, version, passwordHash }, endSessions, WRONG);
  };

  const changeAddress: AccountService['changeAddress'] = async (who, email) => {
    const confirmed = await confirm(who);
    if ('refused' in confirmed) return confirmed;
    const { user, passwordVersion } = confirmed;
    // The present one is told.
    for (const address of [email, user.email]) {
      const refused = await takeMailQuota(address, 'address');
      if (refused) return refused;
    }
    const { id: userId, name, language } = user;
    const request = { id: randomUUID(), purpose: 'address' as const, email, name, userId, language };
    const opened = await unitOfWork(async (work) => {
      if (!(await work.users.lock(userId, passwordVersion))) return false;
      await work.accountRequests.closeAll(user, 'address');
      await work.accountRequests.open(request);
      return true;
    });
    if (!opened) return WRONG;
    return sendMail(request.id, () => workflows.mail({ about: 'address_asked', userId }, deadline()));
  };

  const setRole: AccountService['setRole'] = async (userId, role) => {
    const changed = await unitOfWork<Account | { refused: 'not_found' } | LastManager>(async (work) => {
      if (role === 'customer' && (await isLastManager(work, userId))) return { refused: 'last_manager' };
      await work.users.setRole(userId, role);
      const account = await work.users.findAccount(userId);
      if (account) await work.accountRequests.closeAll(account);
      if (role === 'customer') await work.accountRequests.closeInvitationsBy(userId);
      return account ?? { refused: 'not_found' };
    });
    ended(userId);
    return changed;
  };

  const erase: AccountService['erase'] = async (who) => {
    const confirmed = await confirm(who);
    if ('refused' in confirmed) return confirmed;
    const { user, passwordVersion } = confirmed;
    const leaving = await unitOfWork<Account | WrongPassword | LastManager>(async (work) => {
      if (user.role === 'manager' && (await isLastManager(work, user.id))) return { refused: 'last_manager' };
      if (!(await work.users.lock(user.id, passwordVersion))) return WRONG;
      return (await work.users.findAccount(user.id)) ?? WRONG;
    });
    if ('refused' in leaving) return leaving;
    const registeredAt = leaving.createdAt.getTime();
    const erased = await unlessSilent('outcome_unknown', async (): Promise<undefined | LastManager> => {
      await workflows.erase({ userId: user.id, registeredAt }, deadline());
      // The workflow does the same, which is the guarantee; this is the speed. Of two last managers who leave at once, the
      // second one stays: each erasure looks again, while no manager changes.
      const outcome = await users.erase(user.id, registeredAt);
      return outcome === 'last_manager' ? { refused: 'last_manager' } : undefined;
    });
    ended(user.id);
    return erased;
  };

  async function confirm(who: Confirmation): Promise<{ user: User; passwordVersion: number } | NotConfirmed> {
    const checked = await checkPassword(who);
    return 'refused' in checked ? checked : (checked.found ?? WRONG);
  }

  /** Opens a request and has its mail sent, or does neither. @param check what may refuse it while it is opened */
  async function ask<Refused>(
    request: NewAccountRequest,
    check: (work: Work) => Promise<Refused | undefined> = async () => undefined,
  ): Promise<undefined | NotMailed | Refused> {
    const refused = await takeMailQuota(request.email, request.purpose);
    if (refused) return refused;
    const forbidden = await unitOfWork(async (work) => {
      const found = await check(work);
      if (!found) await work.accountRequests.open(request);
      return found;
    });
    if (forbidden) return forbidden;
    return sendMail(request.id);
  }

  /** Has the mail of a request sent, or closes it. @param first what must be on its way before */
  async function sendMail(requestId: string, first?: () => Promise<void>): Promise<undefined | Unreachable> {
    return unlessSilent('unavailable', async () => {
      try {
        await first?.();
        await workflows.mail({ about: 'request', requestId }, deadline());
        return undefined;
      } catch (error) {
        // A workflow that was started after all finds nothing to do.
        await accountRequests.close(requestId);
        throw error;
      }
    });
  }

  /** Opens the account of somebody who registered or was invited. */
  async function openAccount(token: string, passwordHash: string): Promise<Account | InvalidLink> {
    return unitOfWork(async (work) => {
      const request = await work.accountRequests.take(token, 'registration', 'invitation');
      if (!request) return INVALID;
      const { email, name, role, language } = request;
      const newcomer = {
        id: randomUUID(),
        email,
        name: name ?? email,
        role: role ?? 'customer',
        language,
        passwordHash,
      };
      // Somebody else with this address may have been faster.
      return (await work.users.create(newcomer)) ?? INVALID;
    });
  }

  async function confirmAddress(token: string, userId: string): Promise<Account | InvalidLink> {
    try {
      return await unitOfWork(async (work) => {
        const user = await work.users.lock(userId);
        const request = user && (await work.accountRequests.take(token, 'address'));
        if (!request) return INVALID;
        await work.users.setEmail(userId, request.email);
        await work.accountRequests.closeAll(user);
        return (await work.users.findAccount(userId)) ?? INVALID;
      });
    } catch (error) {
      if (error instanceof AddressTaken) return INVALID;
      throw error;
    }
  }

  /**
   * Replaces a password of this version, and closes whatever else was asked for the account. The mail about it is started
   * first, and sent once the new password is there: if Temporal is unavailable, the password is not changed.
   *
   * @param change what else changes with it; if it returns false, nothing does
   * @param otherwise the answer to that, and if the password has another version by now
   */
  async function replacePassword<Otherwise extends WrongPassword | InvalidLink>(
    { userId, version, passwordHash }: { userId: string; version: number; passwordHash: string },
    change: (work: Work) => Promise<boolean>,
    otherwise: Otherwise,
  ): Promise<undefined | Otherwise | Unreachable> {
    const replaced = await unlessSilent('unavailable', async () => {
      await workflows.mail({ about: 'password_changed', userId, passwordVersion: version + 1 }, deadline());
      return unitOfWork<undefined | Otherwise>(async (work) => {
        const user = await work.users.lock(userId, version);
        if (!user || !(await change(work))) return otherwise;
        await work.users.setPassword(userId, passwordHash);
        await work.accountRequests.closeAll(user);
        return undefined;
      });
    });
    if (!replaced) ended(userId);
    return replaced;
  }

  return {
    register,
    verify,
    invite,
    revokeInvitation,
    requestReset,
    choosePassword,
    changePassword,
    changeAddress,
    setRole,
    erase,
  };
}

async function isLastManager({ users }: Work, userId: string): Promise<boolean> {
  const managers = await users.managersForUpdate();
  return managers.length === 1 && managers[0] === userId;
}

async function unlessSilent<T>(refused: Unreachable['refused'], work: () => Promise<T>): Promise<T | Unreachable> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutcomeUnknown) return { refused, cause: error };
    throw error;
  }
}
