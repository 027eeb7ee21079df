import type { Redis } from 'ioredis';
import { canonicalEmail } from '../../../domain/account/canonical-email.ts';
import type { Purpose } from '../../../domain/account/link.ts';
import {
  type Allowance,
  fuller,
  isExceeded,
  keyOf,
  localQuota,
  type QuotaStatus,
  redisQuota,
  sharedQuota,
} from './quota.ts';
import { createSignInLimiter, type SignInAllowances, type SignInLimiter } from './sign-in-limiter.ts';

/** How much everybody may. */
export interface Allowances {
  placing: Allowance;
  user: Allowance;
  anonymous: Allowance;
  signIn: SignInAllowances;
  accountMail: Allowance;
}

/** Takes one request from a quota. */
export type TakeRequest = (key: string, isRead: boolean) => Promise<QuotaStatus>;

export interface Limits {
  /** Placing orders, by user. */
  placing: TakeRequest;
  /** Everything else, by user. */
  user: TakeRequest;
  /** What nobody says who they are for, by address. */
  anonymous: TakeRequest;
  signIns: SignInLimiter;
  /** Account emails, by address and purpose: many of one kind use up no other one. */
  accountMail: (email: string, purpose: Purpose) => Promise<QuotaStatus>;
}

export function createLimits(allowances: Allowances, redis: Redis): Limits {
  const accountMail = sharedQuota('account-mail', allowances.accountMail, redis);
  return {
    placing: requestQuota('placing', allowances.placing, redis),
    user: requestQuota('user', allowances.user, redis),
    anonymous: requestQuota('anonymous', allowances.anonymous, redis),
    signIns: createSignInLimiter(allowances.signIn, redis),
    accountMail: (email, purpose) => accountMail.take(keyOf(`${purpose} ${canonicalEmail(email)}`)),
  };
}

/**
 * One quota for reads and writes. Every process counts both for itself; all of them together count the writes alone, as
 * asking Redis would cost a read more than it is worth.
 */
function requestQuota(policy: string, allowance: Allowance, redis: Redis): TakeRequest {
  const here = localQuota(policy, allowance);
  const everywhere = redisQuota(policy, allowance, redis);
  return async (key, isRead) => {
    const own = await here.take(key);
    if (isRead || isExceeded(own)) return own;
    return fuller(own, await everywhere.take(key));
  };
}
