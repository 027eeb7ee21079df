import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

export type FollowLinks = ReturnType<typeof createFollowLinks>;

/**
 * Makes and verifies links to the page on which anyone can follow one order without an account. The token in a link is an HMAC of
 * the order's id, so it is not stored (ADR 28).
 *
 * @param publicUrl base URL of the shop's pages
 * @param keys the payload keys. The first one signs new links, all verify; without keys, as in development, links are predictable
 */
export function createFollowLinks(publicUrl: string, keys: readonly { key: KeyObject }[]) {
  const [first = 'development', ...older] = keys.map(({ key }) => key);
  const tokenOf = (orderId: string, key: KeyObject | string) =>
    createHmac('sha256', key).update(`follow order ${orderId}`).digest('base64url');
  return {
    linkTo: (orderId: string): string => `${publicUrl}/orders/${orderId}/follow#${tokenOf(orderId, first)}`,
    isValid: (orderId: string, token: string): boolean =>
      [first, ...older].some((key) => isEqual(tokenOf(orderId, key), token)),
  };
}

function isEqual(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
