import { randomUUID } from 'node:crypto';
import { retried } from '../faults/unknown.ts';
import type { Answer, RequestOptions, Shop } from '../shop.ts';

/**
 * Sends a request with a key, and sends it again while the outcome is unknown. So every request ends, on a busy machine too.
 *
 * @param deadline in ms, see {@link retried}
 */
export function insist(
  shop: Shop,
  method: string,
  path: string,
  { headers, ...options }: RequestOptions,
  deadline?: number,
): Promise<Answer> {
  const keyed = { ...options, headers: { 'idempotency-key': randomUUID(), ...headers } };
  return retried(() => shop.request(method, path, keyed), deadline);
}
