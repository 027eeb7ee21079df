import { z } from 'zod';
import type { FollowLinks } from '../../mail/follow-links.ts';
import type { TokenClaims } from '../auth/access-token.ts';
import type { Caller, CallerLookup } from '../auth/caller-lookup.ts';
import type { StreamTickets } from '../auth/stream-tickets.ts';
import { orderStream, shopStream } from '../docs/examples.ts';
import { type Access, checkAccess, isAllowed } from '../http/access.ts';
import { callerOf, type Route, route, tokenOf } from '../http/route.ts';
import { id } from '../http/schemas.ts';
import { findOrder } from '../orders/routes.ts';
import type { OrderService } from '../orders/service.ts';
import { createFollowers } from './followers.ts';
import { streamHeaders, streamQuery, ticketAnswer, ticketRequest } from './schemas.ts';
import type { Streams } from './streams.ts';

interface Dependencies {
  orderService: OrderService;
  streams: Streams;
  callers: Pick<CallerLookup, 'find'>;
  tickets: StreamTickets;
  followLinks: FollowLinks;
}

const mayFollowOrder = {
  to: ['customer', 'barista', 'manager', 'service'],
  scope: 'orders:read',
  serviceScope: 'events:read',
} satisfies Access;
const mayFollowShop: Access = {
  to: ['barista', 'manager', 'service'],
  scope: ['orders:read', 'events:read'],
  serviceScope: 'events:read',
};
const resuming =
  'To resume, send the id of the last event as `Last-Event-ID` (or `?after=`): every later event follows once, in order. ' +
  'A comment is sent every 15 seconds as a heartbeat.';
const answersOf = (example: string) => ({
  200: { description: 'The event stream', body: z.string(), example, mediaType: 'text/event-stream' },
});
const tag = 'Streams';
const following = { tag, query: streamQuery, headers: streamHeaders };

/** Event streams of orders, and tickets with which browsers open them. */
export function streamRoutes({ orderService, streams, callers, tickets, followLinks }: Dependencies): Route[] {
  const followerOf = createFollowers({ orderService, followLinks });

  /** Returns a check for an open stream: whether its caller still has the same role and access. */
  const stillMay =
    (access: Access, { type }: Caller, token: TokenClaims) =>
    async () => {
      const caller = await callers.find(token);
      return caller?.type === type && isAllowed(access, caller);
    };

  return [
    route({
      ...following,
      method: 'get',
      path: '/v1/orders/events',
      operationId: 'followOrders',
      summary: 'Follow all orders',
      description: `Server-sent events: a snapshot of all open orders, then every event. ${resuming} The event \`catalog.changed\`, without an id, means that the menu has changed.`,
      access: mayFollowShop,
      responses: answersOf(shopStream),
      problems: ['too_many_streams'],
      handle: ({ query, headers, ...request }) => {
        const caller = callerOf(request);
        const token = tokenOf(request);
        const after = headers['last-event-id'] ?? query.after;
        return streams.answer({ after, caller, token, stillMay: stillMay(mayFollowShop, caller, token) });
      },
    }),
    route({
      ...following,
      method: 'get',
      path: '/v1/orders/{id}/events',
      operationId: 'followOrder',
      summary: 'Follow an order',
      description: `Server-sent events: a snapshot of the order, then every event. The stream ends once the order is delivered or cancelled. ${resuming}`,
      access: mayFollowOrder,
      params: z.object({ id }),
      responses: {
        ...answersOf(orderStream),
        204: { description: 'The order is final and has no later events. Do not reconnect' },
      },
      problems: ['not_found', 'too_many_streams'],
      handle: async ({ params: { id: orderId }, query, headers, ...request }) => {
        const caller = callerOf(request);
        const token = tokenOf(request);
        const { order } = await findOrder(orderService, orderId, caller.actor);
        const after = headers['last-event-id'] ?? query.after;
        return streams.answer({ order, after, caller, token, stillMay: stillMay(mayFollowOrder, caller, token) });
      },
    }),
    route({
      tag,
      method: 'post',
      path: '/v1/stream-tickets',
      operationId: 'buyStreamTicket',
      summary: 'Create a stream ticket, for browsers',
      description:
        'An `EventSource` cannot send an access token, so it opens a stream with `?ticket=`. A ticket is valid for one ' +
        'stream, for one minute at most, and not longer than the access token. With `followToken`, no access token is ' +
        'needed, and the stream ends after ten minutes at most.',
      access: { ...mayFollowOrder, orNobody: true },
      body: ticketRequest.default({}),
      responses: { 201: { description: 'The ticket', body: ticketAnswer } },
      problems: ['not_found'],
      handle: async ({ body: { orderId, followToken }, ...request }) => {
        let token = request.token;
        if (orderId !== undefined && followToken !== undefined) token = await followerOf(orderId, followToken);
        else if (orderId !== undefined) {
          checkAccess(mayFollowOrder, request.caller);
          await findOrder(orderService, orderId, callerOf(request).actor);
        } else checkAccess(mayFollowShop, request.caller);
        const { ticket, expiresAt } = await tickets.issue(tokenOf({ token }), { orderId });
        return { status: 201, body: { ticket, expiresAt: new Date(expiresAt).toISOString() } };
      },
    }),
  ];
}
