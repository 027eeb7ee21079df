import { createHmac } from 'node:crypto';
import type { PayloadKey } from './codec.ts';

/**
 * Returns the keys that sign an order's messages (`messages/signature.ts`). New orders use the first key; older orders may use a
 * later one.
 */
export type SigningKeys = (orderId: string) => [string, ...string[]];

/** @param payloadKeys without them, as in development, the signing keys are predictable */
export function createSigningKeys(payloadKeys: readonly PayloadKey[]): SigningKeys {
  const [first = 'development', ...older] = payloadKeys.map(({ key }) => key);
  return (orderId) => {
    const of = (key: typeof first) =>
      createHmac('sha256', key).update(`messages to order ${orderId}`).digest('base64url');
    return [of(first), ...older.map(of)];
  };
}
