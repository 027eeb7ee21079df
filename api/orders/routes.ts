import { z } from 'zod';
import type { OrderRepository, OrderView } from '../../db/orders.ts';
import type { Actor } from '../../domain/actor.ts';
import { toFullLine } from '../../domain/order/full-order.ts';
import type { FollowLinks } from '../../mail/follow-links.ts';
import { nothing } from '../accounts/schemas.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import { cancelledOrder, editedOrder, movedOrder } from '../docs/examples.ts';
import type { Access } from '../http/access.ts';
import { etagOf, matchesIfNoneMatch } from '../http/entity-tags.ts';
import { readPage } from '../http/paging.ts';
import { Problem } from '../http/problem.ts';
import { callerOf, linksTo, type Route, type RouteResponse, route } from '../http/route.ts';
import { id, idempotencyKey, ifMatch, ifNoneMatch, prefer } from '../http/schemas.ts';
import type { OrderResult } from './idempotency.ts';
import { outcomeUnknown, problemOf, resendUnknown, unavailable } from './problems.ts';
import { contextOf, type RequestContext, requestDeadline } from './request-context.ts';
import type { Resend } from './resending.ts';
import { isAsOfItsVersion, toOrderResource, toTimeline } from './resources.ts';
import {
  cancellation,
  edit,
  followLink,
  listQuery,
  type OrderRequest,
  order,
  orderList,
  orderRequest,
  quote,
  statusChange,
  timeline,
} from './schemas.ts';
import type { OrderService } from './service.ts';

interface Dependencies {
  orderService: OrderService;
  orders: OrderRepository;
  resend: Resend;
  followLinks: Pick<FollowLinks, 'linkTo'>;
}

const ETag = 'The version of the order, for `If-Match`';
const orderHeaders = {
  ETag,
  'Idempotency-Replayed':
    '`true` if an earlier request with this key made the change. The body is the order after that request',
};
const nextOperations = ['getOrder', 'editOrder', 'changeOrderStatus', 'cancelOrder', 'getOrderTimeline'];
const links = linksTo({ id: '$response.body#/id' }, ...nextOperations);
const changed = (example: object) => ({
  200: { description: 'The order after this change', body: order, example, headers: orderHeaders, links },
  202: {
    description:
      'Accepted, as `Prefer: respond-async` requested. The timeline shows the outcome. The body is the order before ' +
      'this change or, if an earlier request with this `Idempotency-Key` made the change, after it',
    body: order,
    headers: {
      'Preference-Applied': '`respond-async`',
      'Idempotency-Replayed': '`true` if an earlier request with this key made the change',
      Location: 'The path of the order',
    },
  },
});

const tag = 'Orders';
const onOrder = { tag, params: z.object({ id }) };
const orderCallers = ['customer', 'barista', 'manager', 'service'] as const;
const readers: Access = { to: orderCallers, scope: 'orders:read' };
const changing = {
  ...onOrder,
  headers: z.object({ 'idempotency-key': idempotencyKey, 'if-match': ifMatch, prefer }),
  problems: ['not_found', 'illegal_transition', 'version_mismatch', 'idempotency_key_reused', 'outcome_unknown'],
} as const;

/** Placing, reading and changing orders. */
export const orderRoutes = (dependencies: Dependencies): Route[] => [
  ...placingRoutes(dependencies),
  ...readingRoutes(dependencies),
  ...changingRoutes(dependencies),
];

const placingRoutes = ({ orderService }: Dependencies): Route[] => [
  route({
    tag,
    method: 'post',
    path: '/v1/orders',
    operationId: 'placeOrder',
    summary: 'Place an order',
    description:
      'The order keeps the catalog’s current prices, even if these change later. Customers place online ' +
      'orders (channel `online`). Baristas, managers and services place counter orders (channel `counter`). The ' +
      'customer of a counter order gets no email.',
    access: { to: orderCallers, scope: 'orders:write', serviceScope: 'orders:place' },
    quota: 'placing',
    headers: z.object({ 'idempotency-key': idempotencyKey }),
    body: orderRequest,
    responses: {
      201: {
        description: 'The order',
        body: order,
        headers: { ...orderHeaders, Location: 'The path of the order' },
        links,
      },
    },
    problems: ['product_unavailable', 'options_invalid', 'price_changed', 'idempotency_key_reused', 'outcome_unknown'],
    handle: async (request) => {
      checkCustomerName(request);
      const context = contextOf(request, 'POST', '/v1/orders');
      const placed = await orderService.place(request.body, context).catch(outcomeUnknown(context));
      if ('refused' in placed) throw problemOf(placed);
      return {
        status: 201,
        headers: { etag: etagOf(placed.order), ...replayHeader(placed), location: `/v1/orders/${placed.order.id}` },
        body: toOrderResource(placed, context.caller.actor),
      };
    },
  }),
  route({
    tag,
    method: 'post',
    path: '/v1/orders/quote',
    operationId: 'quoteOrder',
    summary: 'Price an order without placing it',
    description: 'Accepts the same body as `POST /v1/orders`.',
    access: { to: orderCallers, scope: 'orders:read', serviceScope: 'orders:place' },
    body: orderRequest,
    responses: { 200: { description: 'The lines and the total, at current prices', body: quote } },
    problems: ['product_unavailable', 'options_invalid'],
    handle: async (request) => {
      checkCustomerName(request);
      const priced = await orderService.quote(request.body.lines);
      if ('refused' in priced) throw problemOf(priced);
      const lines = priced.lines.map(({ id: _, ...line }) => toFullLine(line));
      return { status: 200, body: { lines, total: priced.total } };
    },
  }),
];

const readingRoutes = ({ orderService, orders, followLinks }: Dependencies): Route[] => [
  route({
    tag,
    method: 'get',
    path: '/v1/orders',
    operationId: 'listOrders',
    summary: 'List orders',
    description:
      'Customers get their own orders, other callers all orders. The newest come first by default. Send `nextCursor` as `cursor` to get the next page. `sort=-updatedAt` sorts by the last change, the latest first: orders that change between two requests can be missing from later pages.',
    access: readers,
    query: listQuery,
    responses: {
      200: {
        description: 'A page of orders',
        body: orderList,
        links: linksTo({ id: '$response.body#/data/0/id' }, ...nextOperations),
      },
    },
    handle: async ({ query, ...request }) => {
      const { actor, id } = callerOf(request);
      const isCustomer = actor.type === 'customer';
      if (isCustomer && query.customerId !== undefined) {
        throw new Problem('forbidden', {
          detail: 'Customers cannot filter by customerId: they only get their own orders.',
        });
      }
      const { cursor: after, limit, ...filter } = query;
      const page = await readPage(
        limit,
        (limit) => orders.list({ ...filter, ...(isCustomer && { customerId: id }), after, limit }),
        ({ order }) => [query.sort === '-updatedAt' ? order.updatedAt : order.placedAt, order.id],
      );
      return { status: 200, body: { ...page, data: page.data.map((view) => toOrderResource(view, actor)) } };
    },
  }),
  route({
    ...onOrder,
    method: 'get',
    path: '/v1/orders/{id}',
    operationId: 'getOrder',
    summary: 'Get an order',
    access: readers,
    headers: z.object({ 'if-none-match': ifNoneMatch }),
    responses: {
      200: { description: 'The order', body: order, headers: { ETag } },
      304: { description: 'Not modified', headers: { ETag } },
    },
    problems: ['not_found', 'unavailable'],
    handle: async (request) => {
      const { actor } = callerOf(request);
      const view = await findOrder(orderService, request.params.id, actor);
      const etag = etagOf(view.order);
      if (matchesIfNoneMatch(request.headers['if-none-match'], etag) && isAsOfItsVersion(view)) {
        return { status: 304, headers: { etag } };
      }
      return { status: 200, headers: { etag }, body: toOrderResource(view, actor) };
    },
  }),
  route({
    ...onOrder,
    method: 'get',
    path: '/v1/orders/{id}/timeline',
    operationId: 'getOrderTimeline',
    summary: 'Get the timeline of an order',
    access: readers,
    responses: { 200: { description: 'The timeline, the oldest entry first', body: timeline } },
    problems: ['not_found', 'unavailable'],
    handle: async (request) => {
      const { actor } = callerOf(request);
      const deadline = requestDeadline();
      await findOrder(orderService, request.params.id, actor, deadline);
      const rows = await orderService.timeline(request.params.id, deadline).catch(unavailable);
      return { status: 200, body: { data: toTimeline(rows, actor) } };
    },
  }),
  route({
    ...onOrder,
    method: 'get',
    path: '/v1/orders/{id}/follow-link',
    operationId: 'getFollowLink',
    summary: 'Get the follow link of an order',
    description:
      'Anyone with the link can follow this order, without an account, until a day after the order has ended. ' +
      'The customer’s emails about the order contain it.',
    access: readers,
    responses: { 200: { description: 'The link', body: followLink } },
    problems: ['not_found', 'unavailable'],
    handle: async (request) => {
      const { order } = await findOrder(orderService, request.params.id, callerOf(request).actor);
      return { status: 200, body: { url: followLinks.linkTo(order.id) } };
    },
  }),
];

const changingRoutes = ({ orderService, resend }: Dependencies): Route[] => [
  route({
    ...changing,
    method: 'patch',
    path: '/v1/orders/{id}',
    operationId: 'editOrder',
    summary: 'Edit an order that is waiting',
    description:
      'Existing lines keep their price, options and note; new lines get the current price. Omitted fields do not ' +
      'change. Only its customer can edit an online order. Only staff can edit a counter order.',
    access: { to: orderCallers, scope: 'orders:write' },
    body: edit,
    responses: changed(editedOrder),
    problems: [...changing.problems, 'product_unavailable', 'options_invalid'],
    handle: (request) => {
      const { id } = request.params;
      const context = contextOf(request, 'PATCH', `/v1/orders/${id}`);
      return changeResponse(id, context, orderService.edit(id, request.body, context));
    },
  }),
  route({
    ...changing,
    method: 'post',
    path: '/v1/orders/{id}/status',
    operationId: 'changeOrderStatus',
    summary: 'Change the status of an order',
    description:
      'An order moves one step at a time: `waiting` → `preparation` → `ready` → `delivered`. It may also go back from `preparation` to `waiting`.',
    access: { to: ['barista', 'manager', 'service'], scope: 'orders:write' },
    body: statusChange,
    responses: changed(movedOrder),
    handle: (request) => {
      const { id } = request.params;
      const context = contextOf(request, 'POST', `/v1/orders/${id}/status`);
      return changeResponse(id, context, orderService.change(id, { update: 'changeStatus', ...request.body }, context));
    },
  }),
  route({
    ...changing,
    method: 'post',
    path: '/v1/orders/{id}/cancel',
    operationId: 'cancelOrder',
    summary: 'Cancel an order',
    access: { to: orderCallers, scope: 'orders:write' },
    body: cancellation.default({}),
    responses: changed(cancelledOrder),
    handle: (request) => {
      const { id } = request.params;
      const context = contextOf(request, 'POST', `/v1/orders/${id}/cancel`);
      return changeResponse(id, context, orderService.change(id, { update: 'cancel', ...request.body }, context));
    },
  }),
  route({
    ...onOrder,
    method: 'post',
    path: '/v1/orders/{id}/notifications/{deliveryId}/resend',
    operationId: 'resendNotification',
    summary: 'Resend an email about an order',
    description:
      '`deliveryId` is that of a timeline entry, of any age. New attempts are added to that entry. Two requests within ' +
      'ten seconds send one email.',
    access: { to: ['manager'], scope: 'orders:write' },
    params: onOrder.params.extend({ deliveryId: id }),
    responses: { 202: { description: 'Accepted. The timeline shows the outcome', body: nothing } },
    problems: ['not_found', 'nothing_to_send', 'outcome_unknown'],
    handle: async ({ params: { id, deliveryId } }) => {
      const refusal = await resend(id, deliveryId, requestDeadline()).catch(resendUnknown);
      if (refusal) throw problemOf(refusal);
      return { status: 202, body: {} };
    },
  }),
];

/** Rejects `customerName` from a customer. @throws {Problem} `forbidden` */
function checkCustomerName({ body, ...request }: { body: OrderRequest; caller: Caller | undefined }): void {
  if (body.customerName === undefined || callerOf(request).type !== 'customer') return;
  throw new Problem('forbidden', { detail: 'Customers cannot send customerName: the order shows their own name.' });
}

const replayHeader = ({ replayed }: OrderResult) => replayed && { 'idempotency-replayed': 'true' };

async function changeResponse(
  orderId: string,
  context: RequestContext,
  change: ReturnType<OrderService['change']>,
): Promise<RouteResponse> {
  const result = await change.catch(outcomeUnknown(context));
  if ('refused' in result) throw problemOf(result);
  const body = toOrderResource(result, context.caller.actor);
  // A replay gets 202 too, like the first response, although the change is already decided.
  if (context.respondAsync) {
    const headers = { 'preference-applied': 'respond-async', location: `/v1/orders/${orderId}` };
    return { status: 202, headers: { ...headers, ...replayHeader(result) }, body };
  }
  return { status: 200, headers: { etag: etagOf(result.order), ...replayHeader(result) }, body };
}

/** Returns an order that the actor may see. @throws {Problem} `not_found`, `unavailable` */
export async function findOrder(
  orderService: Pick<OrderService, 'find'>,
  orderId: string,
  actor: Actor,
  deadline = requestDeadline(),
): Promise<OrderView> {
  const view = await orderService.find(orderId, actor, deadline).catch(unavailable);
  if (!view) throw new Problem('not_found');
  return view;
}
