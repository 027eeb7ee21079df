import type { Purpose } from '../../domain/account/link.ts';
import type { Limits } from '../http/limits/limits.ts';
import { isExceeded } from '../http/limits/quota.ts';

/** Returns a function that counts an account email, and refuses it if the address has received too many for this purpose. */
export const createEmailQuota = (limits: Limits | undefined) => async (email: string, purpose: Purpose) => {
  const status = await limits?.accountEmail(email, purpose);
  return status && isExceeded(status) ? { refused: 'rate_limited' as const, status } : undefined;
};
