import { createHash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';
import type { IdempotencyKey } from '../../domain/order/order.ts';

/** Any UUID, as long as it stays: the space of order ids that are derived from keys. */
const ORDER_IDS = 'b7a1f0c2-4a5e-5d0b-9f52-6f3b2c1d7e90';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/**
 * Binds a client's key to who sent it where, and to what it asked for (design §4).
 *
 * @param scope subject, method and concrete path
 * @param body the validated body
 */
export function bindKey(
  key: string,
  scope: { subject: string; method: string; path: string },
  body: unknown,
): IdempotencyKey {
  const { subject, method, path } = scope;
  return { hash: sha256([subject, method, path, key].join('\n')), fingerprint: sha256(JSON.stringify(body ?? null)) };
}

/** The id of the order that a customer places with a key: a second try meets the first one's workflow. */
export const orderIdOf = (key: IdempotencyKey): string => uuidv5(key.hash, ORDER_IDS);
