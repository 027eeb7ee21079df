import { createHmac } from 'node:crypto';
import type { PayloadKey } from './codec.ts';

/**
 * The keys by which an order's messages are signed, see `messages/signature.ts`. An order is started with the first one; a later
 * one may be that of an older order.
 */
export type SigningKeys = (orderId: string) => [string, ...string[]];

/** @param payloadKeys without any, as in development, anybody can make the keys */
export function createSigningKeys(payloadKeys: readonly PayloadKey[]): SigningKeys {
  const [first = 'development', ...older] = payloadKeys.map(({ key }) => key);
  return (orderId) => {
    const of = (key: typeof first) =>
      createHmac('sha256', key).update(`messages to order ${orderId}`).digest('base64url');
    return [of(first), ...older.map(of)];
  };
}
