import { randomUUID } from 'node:crypto';
import { ownerOf } from '../../domain/order/decider.ts';
import { isFinal } from '../../domain/order/transitions.ts';
import type { FollowLinks } from '../../mail/follow-links.ts';
import { FOLLOWER, type TokenClaims } from '../auth/access-token.ts';
import { Problem } from '../http/problem.ts';
import { findOrder } from '../orders/routes.ts';
import type { OrderService } from '../orders/service.ts';
import { STAFF } from './broadcast.ts';

/** How long a follow link stays valid after its order has ended, in ms. */
const VALID_AFTER_END_MS = 24 * 60 * 60_000;

/** How long a stream that a follow link opened may stay open, in ms: as long as with an access token. */
const STREAM_MS = 10 * 60_000;

interface Dependencies {
  orderService: Pick<OrderService, 'find'>;
  followLinks: Pick<FollowLinks, 'isValid'>;
}

/**
 * Returns a function that exchanges the token of a follow link for claims with which a ticket is issued. They replace those of an
 * access token. The function throws the same `not_found` for a wrong token, an unknown order and a link that is no longer valid.
 */
export const createFollowers =
  ({ orderService, followLinks }: Dependencies) =>
  async (orderId: string, followToken: string): Promise<TokenClaims> => {
    if (!followLinks.isValid(orderId, followToken)) throw new Problem('not_found');
    const { order } = await findOrder(orderService, orderId, STAFF);
    const endedFor = isFinal(order.status) ? Date.now() - Date.parse(order.updatedAt) : 0;
    if (endedFor > VALID_AFTER_END_MS) throw new Problem('not_found');
    return {
      // The limit of open streams counts by `sub`, so it counts the streams of each link.
      sub: orderId,
      clientId: FOLLOWER,
      jti: randomUUID(),
      ownerId: ownerOf(order).id,
      scope: 'orders:read',
      expiresAt: Date.now() + STREAM_MS,
    };
  };
