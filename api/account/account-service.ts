import { randomUUID } from 'node:crypto';
import type { AccountRequestRepository, NewAccountRequest } from '../../db/account-requests.ts';
import { hashPassword, verifyPassword } from '../../db/passwords.ts';
import type { UnitOfWork, Work } from '../../db/unit-of-work.ts';
import { type Account, AddressTaken, type User, type UserRepository } from '../../db/users.ts';
import type { Role } from '../../domain/actor.ts';
import { OutcomeUnknown } from '../in-time.ts';
import type { AccountWorkflows } from './account-workflows.ts';
import { passwordFault } from './password-rules.ts';

/** Temporal cannot be reached: nothing was done, or, for an erasure, perhaps everything. */
export type Unreachable = { refused: 'unavailable' | 'outcome_unknown'; cause: unknown };
export type WeakPassword = { refused: 'weak_password'; fault: string };
export type WrongPassword = { refused: 'wrong_password' };
export type InvalidLink = { refused: 'invalid_link' };
export type LastManager = { refused: 'last_manager' };

/** What an account can be asked for. `undefined` says that it is done. */
export interface AccountService {
  /** The same for an address that is known and for one that is not. */
  register(who: {
    email: string;
    name: string;
    password: string;
    language?: string | undefined;
  }): Promise<undefined | WeakPassword | Unreachable>;
  /** Opens the account of whoever registered, or gives an account the address that was asked for. */
  verify(token: string): Promise<Account | InvalidLink>;
  invite(who: {
    email: string;
    name: string;
    role: Role;
    language?: string | undefined;
  }): Promise<undefined | { refused: 'email_taken' } | Unreachable>;
  /** The same for an address that is known and for one that is not. */
  requestReset(email: string): Promise<undefined | Unreachable>;
  /** By a link: gives an account a new password and ends its sessions, or opens the account of who was invited. */
  choosePassword(token: string, password: string): Promise<Account | WeakPassword | InvalidLink | Unreachable>;
  changePassword(
    user: Pick<User, 'id' | 'email' | 'name'>,
    passwords: { current: string; next: string },
  ): Promise<undefined | WrongPassword | WeakPassword | Unreachable>;
  /** Asks for another address; it is theirs once the link that is mailed there was used. The present one is told. */
  changeAddress(
    user: Pick<User, 'id' | 'name'>,
    change: { email: string; password: string },
  ): Promise<undefined | WrongPassword | Unreachable>;
  setRole(userId: string, role: Role): Promise<Account | { refused: 'not_found' } | LastManager>;
  /** Forgets a person, for ever. */
  erase(user: Pick<User, 'id'>, password: string): Promise<undefined | WrongPassword | LastManager | Unreachable>;
}

interface Dependencies {
  users: UserRepository;
  accountRequests: AccountRequestRepository;
  unitOfWork: UnitOfWork;
  workflows: AccountWorkflows;
  /** Is told the id of everybody whose role or sessions were taken away, once they are. */
  ended: (userId: string) => void;
}

/** How long Temporal may take, in ms. */
const DEADLINE_MS = 3_000;

export function createAccountService({
  users,
  accountRequests,
  unitOfWork,
  workflows,
  ended,
}: Dependencies): AccountService {
  const deadline = () => Date.now() + DEADLINE_MS;

  const register: AccountService['register'] = async ({ email, name, password, language }) => {
    const fault = passwordFault(password, [email, name]);
    if (fault) return { refused: 'weak_password', fault };
    const passwordHash = await hashPassword(password);
    return ask({ id: randomUUID(), purpose: 'registration', email, name, role: 'customer', passwordHash, language });
  };

  const verify: AccountService['verify'] = async (token) => {
    try {
      return await unitOfWork(async (work) => (await confirm(work, token)) ?? { refused: 'invalid_link' });
    } catch (error) {
      if (error instanceof AddressTaken) return { refused: 'invalid_link' };
      throw error;
    }
  };

  const changeAddress: AccountService['changeAddress'] = async ({ id: userId, name }, { email, password }) => {
    if (!(await verifyPassword(await users.passwordHashOf(userId), password))) return { refused: 'wrong_password' };
    const language = (await users.find(userId))?.language;
    return unlessSilent('unavailable', async () => {
      await workflows.mail({ about: 'address_asked', userId }, deadline());
      return ask({ id: randomUUID(), purpose: 'address', email, name, userId, language });
    });
  };

  const invite: AccountService['invite'] = async (who) => {
    if (await users.findByEmail(who.email)) return { refused: 'email_taken' };
    return ask({ id: randomUUID(), purpose: 'invitation', ...who });
  };

  const requestReset: AccountService['requestReset'] = (email) => ask({ id: randomUUID(), purpose: 'reset', email });

  const choosePassword: AccountService['choosePassword'] = async (token, password) => {
    const known = await accountRequests.peek(token, 'reset', 'invitation');
    if (!known) return { refused: 'invalid_link' };
    const person = known.userId ? await users.find(known.userId) : known;
    const fault = passwordFault(password, [known.email, person?.name ?? '']);
    if (fault) return { refused: 'weak_password', fault };
    const passwordHash = await hashPassword(password);
    const chosen = await unlessSilent('unavailable', () =>
      unitOfWork<Account | InvalidLink>(async (work) => {
        const request = await work.accountRequests.take(token, 'reset', 'invitation');
        if (!request) return { refused: 'invalid_link' };
        if (!request.userId) return (await admit(work, { ...request, passwordHash })) ?? { refused: 'invalid_link' };
        await work.artifacts.removeByAccount(request.userId);
        await replacePassword(work, request.userId, passwordHash);
        return (await work.users.findAccount(request.userId)) ?? { refused: 'invalid_link' };
      }),
    );
    if (!('refused' in chosen)) ended(chosen.id);
    return chosen;
  };

  const changePassword: AccountService['changePassword'] = async (user, { current, next }) => {
    if (!(await verifyPassword(await users.passwordHashOf(user.id), current))) return { refused: 'wrong_password' };
    const fault = passwordFault(next, [user.email, user.name]);
    if (fault) return { refused: 'weak_password', fault };
    const passwordHash = await hashPassword(next);
    return unlessSilent('unavailable', () => unitOfWork((work) => replacePassword(work, user.id, passwordHash)));
  };

  const setRole: AccountService['setRole'] = async (userId, role) => {
    const changed = await unitOfWork<Account | { refused: 'not_found' } | LastManager>(async (work) => {
      if (role === 'customer' && (await isLastManager(work, userId))) return { refused: 'last_manager' };
      await work.users.setRole(userId, role);
      return (await work.users.findAccount(userId)) ?? { refused: 'not_found' };
    });
    ended(userId);
    return changed;
  };

  const erase: AccountService['erase'] = async ({ id }, password) => {
    if (!(await verifyPassword(await users.passwordHashOf(id), password))) return { refused: 'wrong_password' };
    const erased = await unlessSilent('outcome_unknown', () =>
      unitOfWork<undefined | LastManager>(async (work) => {
        const account = await work.users.findAccount(id);
        if (!account) return undefined;
        if (account.role === 'manager' && (await isLastManager(work, id))) return { refused: 'last_manager' };
        const registeredAt = account.createdAt.getTime();
        await workflows.erase({ userId: id, registeredAt }, deadline());
        // The workflow does the same, which is the guarantee; this is the speed.
        await work.users.erase(id, registeredAt);
        return undefined;
      }),
    );
    ended(id);
    return erased;
  };

  /** Keeps a request and has its mail sent, or does neither. */
  async function ask(request: NewAccountRequest): Promise<undefined | Unreachable> {
    await accountRequests.open(request);
    return unlessSilent('unavailable', async () => {
      try {
        await workflows.mail({ about: 'request', requestId: request.id }, deadline());
        return undefined;
      } catch (error) {
        // A workflow that was started after all finds nothing to do.
        await accountRequests.close(request.id);
        throw error;
      }
    });
  }

  /** The mail is started last, but before the end of the transaction: no Temporal, no new password. */
  async function replacePassword(work: Work, userId: string, passwordHash: string): Promise<undefined> {
    await work.users.setPassword(userId, passwordHash);
    await work.accountRequests.closeAll(userId);
    await workflows.mail({ about: 'password_changed', userId }, deadline());
  }

  return { register, verify, invite, requestReset, choosePassword, changePassword, changeAddress, setRole, erase };
}

interface Newcomer {
  email: string;
  name: string | null;
  role: Role | null;
  language: string | null;
  passwordHash: string;
}

/** What a link to verify an address does; `undefined` when it is not good for anything any more. */
async function confirm(work: Work, token: string): Promise<Account | undefined> {
  const request = await work.accountRequests.take(token, 'registration', 'address');
  if (request?.userId) {
    await work.users.setEmail(request.userId, request.email);
    return work.users.findAccount(request.userId);
  }
  return request?.passwordHash ? admit(work, { ...request, passwordHash: request.passwordHash }) : undefined;
}

/** @returns `undefined` when somebody with this address was faster */
const admit = (
  { users }: Work,
  { email, name, role, language, passwordHash }: Newcomer,
): Promise<Account | undefined> =>
  users.create({ id: randomUUID(), email, name: name ?? email, role: role ?? 'customer', language, passwordHash });

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
