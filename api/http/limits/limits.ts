import type { Redis } from 'ioredis';
import { canonicalEmail } from '../../../domain/account/canonical-email.ts';
import type { Purpose } from '../../../domain/account/link.ts';
import { type Allowance, createQuota, keyOf, type Quota, type QuotaStatus } from './quota.ts';
import { createSignInLimiter, type SignInAllowances, type SignInLimiter } from './sign-in-limiter.ts';

export interface Allowances {
  placing: Allowance;
  user: Allowance;
  anonymous: Allowance;
  signIn: SignInAllowances;
  accountEmail: Allowance;
}

export interface Limits {
  /** Requests that place orders, by user. */
  placing: Quota;
  /** All other authenticated requests, by user. */
  user: Quota;
  /** Unauthenticated requests, by IP address. */
  anonymous: Quota;
  signInLimiter: SignInLimiter;
  /** Counts an account email, by email address and purpose: each purpose has a quota of its own. */
  accountEmail: (email: string, purpose: Purpose) => Promise<QuotaStatus>;
}

export function createLimits(allowances: Allowances, redis: Redis): Limits {
  const accountEmail = createQuota('account-mail', allowances.accountEmail, redis);
  return {
    placing: createQuota('placing', allowances.placing, redis),
    user: createQuota('user', allowances.user, redis),
    anonymous: createQuota('anonymous', allowances.anonymous, redis),
    signInLimiter: createSignInLimiter(allowances.signIn, redis),
    accountEmail: (email, purpose) => accountEmail.take(keyOf(`${purpose} ${canonicalEmail(email)}`)),
  };
}
