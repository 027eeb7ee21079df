import type { Redis } from 'ioredis';
import { canonicalEmail } from '../../../domain/account/canonical-email.ts';
import { type Allowance, createExpiringSet, createQuota, isExceeded, keyOf, type QuotaStatus } from './quota.ts';

export interface SignInAttempt {
  /** The email address, as it was typed. */
  account: string;
  /** The IP address. */
  address: string;
}

/** The result of a password check (`undefined` for a wrong password), or a refusal with the status of an exceeded quota. */
export type SignInResult<Found> = { found: Found | undefined } | { refused: 'rate_limited'; status: QuotaStatus };

export interface SignInLimiter {
  /**
   * Checks a password, unless there were too many wrong passwords.
   *
   * @param check resolves with `undefined` for a wrong password
   * @throws the errors of `check`, after which the attempt does not count
   */
  attempt<Found>(attempt: SignInAttempt, check: () => Promise<Found | undefined>): Promise<SignInResult<Found>>;
}

export interface SignInAllowances {
  /** Wrong passwords for one account from one address. */
  pair: Allowance;
  /** Wrong passwords from one address, for accounts that have not been used from it. */
  address: Allowance;
  /** Wrong passwords for one account, from addresses that it has not been used from. */
  account: Allowance;
}

/** For how long after a sign-in its address counts as one that the account has been used from, in seconds. */
const KNOWN_FOR_S = 14 * 24 * 60 * 60;

export const unlimitedSignIns: SignInLimiter = { attempt: async (_attempt, check) => ({ found: await check() }) };

/**
 * Limits wrong passwords by account and address, by address alone, and by account alone. SECURITY.md describes the attacks that
 * each limit stops. The last two limits do not apply to addresses that the account has been used from.
 *
 * When the quota by account alone is exceeded, each new address still has one attempt. So an attacker cannot lock out an owner
 * who signs in from a new address. If the password is wrong, the refusal is the same as if it had not been checked.
 */
export function createSignInLimiter(allowances: SignInAllowances, redis: Redis): SignInLimiter {
  const pairs = createQuota('sign-in', allowances.pair, redis);
  const addresses = createQuota('sign-in-address', allowances.address, redis);
  const accounts = createQuota('sign-in-account', allowances.account, redis);
  const knownPairs = createExpiringSet('sign-in-known', KNOWN_FOR_S, redis);

  return {
    async attempt({ account, address }, check) {
      const accountKey = keyOf(canonicalEmail(account));
      const addressKey = keyOf(address);
      const pairKey = keyOf(canonicalEmail(account), address);
      // Counted before the check, so that concurrent attempts cannot pass the limit.
      const pair = await pairs.take(pairKey);
      if (isExceeded(pair)) return refuse(pair);
      const isKnown = await knownPairs.has(pairKey);
      let isOnlyAttempt = false;
      if (!isKnown) {
        const byAddress = await addresses.take(addressKey);
        if (isExceeded(byAddress)) return refuse(byAddress);
        isOnlyAttempt = isExceeded(await accounts.take(accountKey));
        if (isOnlyAttempt && pair.taken > 1) return refuse(pair);
      }
      const giveBack = async () => {
        if (isKnown) return;
        await addresses.giveBack(addressKey);
        if (!isOnlyAttempt) await accounts.giveBack(accountKey);
      };

      const found = await check().catch(async (error: unknown) => {
        await Promise.all([pairs.giveBack(pairKey), giveBack()]);
        throw error;
      });
      if (found) await Promise.all([pairs.reset(pairKey), giveBack(), knownPairs.add(pairKey)]);
      return !found && isOnlyAttempt ? refuse(pair) : { found };
    },
  };
}

/** Returns a refusal with this status, changed to an exceeded one, because the exceeded quota may be a different one. */
const refuse = (status: QuotaStatus) => ({
  refused: 'rate_limited' as const,
  status: { ...status, taken: Math.max(status.taken, status.allowance.count + 1) },
});
