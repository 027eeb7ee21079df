import type { Redis } from 'ioredis';
import { canonicalEmail } from '../../../domain/account/canonical-email.ts';
import { type Allowance, isExceeded, keyOf, type QuotaStatus, sharedMemory, sharedQuota } from './quota.ts';

/** Who tries to sign in, and from where. */
export interface SignInTry {
  /** The email address, as it was typed. */
  account: string;
  address: string;
}

/** What became of a try: `found` is empty when the password was wrong; the status of one refused is exceeded. */
export type SignInOutcome<Found> = { found: Found | undefined } | { refused: 'rate_limited'; status: QuotaStatus };

/** Keeps strangers from guessing passwords, and never keeps an account's owner out for it. */
export interface SignInLimiter {
  /**
   * Tries a password, unless too many were wrong.
   *
   * @param check resolves with whoever signed in, or nothing when the password is wrong
   * @throws what `check` throws; such a try does not count
   */
  attempt<Found>(who: SignInTry, check: () => Promise<Found | undefined>): Promise<SignInOutcome<Found>>;
}

export interface SignInAllowances {
  /** Wrong passwords for one account from one address. */
  pair: Allowance;
  /** Wrong passwords from one address that none of the accounts knows. */
  address: Allowance;
  /** Wrong passwords for one account from addresses that it does not know. */
  account: Allowance;
}

/** For how long an account knows an address from which its owner has signed in, in seconds. */
const KNOWN_FOR_S = 14 * 24 * 60 * 60;

/** Lets everybody try as often as they like. */
export const unlimitedSignIns: SignInLimiter = { attempt: async (_who, check) => ({ found: await check() }) };

/**
 * Counts wrong passwords, as OWASP's Authentication Cheat Sheet and rate-limiter-flexible's "login endpoint protection"
 * have it; a right one forgets those of its account and address.
 *
 * - By account and address together.
 * - By address, over all accounts: who tries one password on many of them.
 * - By account, over all addresses: who spreads their guesses. When that is used up, an address that the account does not
 *   know has one try instead of many, and is refused whether or not its guess was looked at. So the owner still comes in
 *   from anywhere with the right password, and nobody can lock them out.
 *
 * Addresses from which somebody has signed in to the account before are known, and count for the first alone.
 */
export function createSignInLimiter(allowances: SignInAllowances, redis: Redis): SignInLimiter {
  const pairs = sharedQuota('sign-in', allowances.pair, redis);
  const addresses = sharedQuota('sign-in-address', allowances.address, redis);
  const accounts = sharedQuota('sign-in-account', allowances.account, redis);
  const knownPairs = sharedMemory('sign-in-known', KNOWN_FOR_S, redis);
  const refuse = ({ taken, ...status }: QuotaStatus) => ({
    refused: 'rate_limited' as const,
    status: { ...status, taken: Math.max(taken, status.allowance.count + 1) },
  });

  return {
    async attempt({ account, address }, check) {
      const accountKey = keyOf(canonicalEmail(account));
      const pairKey = keyOf(canonicalEmail(account), address);
      const addressKey = keyOf(address);
      // Taken before the look at the password, so that many tries at once are many; given back if it was right.
      const pair = await pairs.take(pairKey);
      if (isExceeded(pair)) return refuse(pair);
      const known = await knownPairs.knows(pairKey);
      let spread = false;
      if (!known) {
        const here = await addresses.take(addressKey);
        if (isExceeded(here)) return refuse(here);
        spread = isExceeded(await accounts.take(accountKey));
        if (spread && pair.taken > 1) return refuse(pair);
      }
      const giveBack = async () => {
        if (!known) await Promise.all([addresses.giveBack(addressKey), accounts.giveBack(accountKey)]);
      };

      const found = await check().catch(async (error: unknown) => {
        await Promise.all([pairs.giveBack(pairKey), giveBack()]);
        throw error;
      });
      if (!found) return spread ? refuse(pair) : { found };
      await Promise.all([pairs.forget(pairKey), giveBack(), knownPairs.remember(pairKey)]);
      return { found };
    },
  };
}
