import { randomUUID } from 'node:crypto';
import { retried } from '../faults/unknown.ts';
import type { Answer, RequestOptions, Shop } from '../shop.ts';

/** Asks with a key, and asks again while it is told that the outcome is unknown: so every request ends, on a busy machine too. */
export function insist(
  shop: Shop,
  method: string,
  path: string,
  { headers, ...options }: RequestOptions,
): Promise<Answer> {
  const keyed = { ...options, headers: { 'idempotency-key': randomUUID(), ...headers } };
  return retried(() => shop.request(method, path, keyed));
}
