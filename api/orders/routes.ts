import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { OrderRepository, OrderView } from '../../db/orders.ts';
import { nothing } from '../accounts/schemas.ts';
import type { Caller } from '../auth/caller.ts';
import { cancelledOrder, editedOrder, movedOrder } from '../docs/examples.ts';
import { OutcomeUnknown } from '../http/deadline.ts';
import { type ExpectedVersions, etagOf, isKnown } from '../http/entity-tags.ts';
import { readPage } from '../http/paging.ts';
import { type Fault, invalidRequest, Problem, type ProblemCode } from '../http/problem.ts';
import { callerOf, linksTo, type Route, type RouteInput, type RouteResponse, route } from '../http/route.ts';
import { id, idempotencyKey, ifMatch, ifNoneMatch, prefer } from '../http/schemas.ts';
import { bindKey } from './idempotency.ts';
import type { Resend } from './resending.ts';
import { isAsOfItsVersion, toOrderResource, toTimeline } from './resources.ts';
import {
  cancellation,
  edit,
  listQuery,
  order,
  orderList,
  orderRequest,
  quote,
  statusChange,
  timeline,
} from './schemas.ts';
import type { Accepted, Asked, Done, OrderService } from './service.ts';

interface Dependencies {
  service: OrderService;
  orders: OrderRepository;
  resend: Resend;
}

const tag = 'Orders';
const params = z.object({ id });
const ETag = 'The version of the order, for `If-Match`';
const answerHeaders = {
  ETag,
  'Idempotency-Replayed':
    '`true` if an earlier request with this key made the change. The order is as it was after that request',
};
const following = ['getOrder', 'editOrder', 'changeOrderStatus', 'cancelOrder', 'getOrderTimeline'];
const links = linksTo({ id: '$response.body#/id' }, ...following);
const changeHeaders = z.object({ 'idempotency-key': idempotencyKey, 'if-match': ifMatch, prefer });
const changed = (example: object) => ({
  200: { description: 'The order after this change', body: order, example, headers: answerHeaders, links },
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
const changeProblems: ProblemCode[] = [
  'not_found',
  'illegal_transition',
  'version_mismatch',
  'idempotency_key_reused',
  'outcome_unknown',
];

/** Orders: place, follow, move, cancel. */
export function orderRoutes({ service, orders, resend }: Dependencies): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/orders',
      operationId: 'placeOrder',
      tag,
      summary: 'Place an order',
      description: 'The order keeps the catalog’s current prices, even if these change later.',
      access: { to: ['customer'], scope: 'orders:write' },
      quota: 'placing',
      headers: z.object({ 'idempotency-key': idempotencyKey }),
      body: orderRequest,
      responses: {
        201: {
          description: 'The order',
          body: order,
          headers: { ...answerHeaders, Location: 'The path of the order' },
          links,
        },
      },
      problems: ['product_unavailable', 'price_changed', 'idempotency_key_reused', 'outcome_unknown'],
      handle: async (request) => {
        const { asked, key } = attribute(request, 'POST', '/v1/orders');
        const placed = await service.place(request.body, asked);
        if ('refused' in placed) throw refusal(placed, key);
        const { headers, ...answer } = answerOf(placed, asked, 201);
        return { ...answer, headers: { ...headers, location: `/v1/orders/${placed.order.id}` } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/orders/quote',
      operationId: 'quoteOrder',
      tag,
      summary: 'Price an order without placing it',
      description: 'Accepts the same body as `POST /v1/orders`.',
      access: { to: ['customer'], scope: 'orders:read' },
      body: orderRequest,
      responses: { 200: { description: 'The lines and the total, at current prices', body: quote } },
      problems: ['product_unavailable'],
      handle: async ({ body }) => {
        const priced = await service.quote(body.lines);
        if ('refused' in priced) throw refusal(priced);
        return { status: 200, body: { lines: priced.lines.map(({ id: _, ...line }) => line), total: priced.total } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/orders',
      operationId: 'listOrders',
      tag,
      summary: 'List orders',
      description:
        'Customers get their own orders, other callers all orders. The newest come first by default. Send `nextCursor` as `cursor` to get the next page.',
      access: { to: ['customer', 'manager', 'service'], scope: 'orders:read' },
      query: listQuery,
      responses: {
        200: {
          description: 'A page of orders',
          body: orderList,
          links: linksTo({ id: '$response.body#/data/0/id' }, ...following),
        },
      },
      handle: async ({ query, ...request }) => {
        const { actor, id } = callerOf(request);
        const mine = actor.type === 'customer';
        if (mine && query.customerId !== undefined) {
          throw new Problem('forbidden', {
            detail: 'Customers cannot filter by customerId: they only get their own orders.',
          });
        }
        const { cursor: after, limit, ...filter } = query;
        const page = await readPage(
          limit,
          (limit) => orders.list({ ...filter, ...(mine && { customerId: id }), after, limit }),
          ({ order }) => [order.placedAt, order.id],
        );
        return { status: 200, body: { ...page, data: page.data.map((view) => toOrderResource(view, actor)) } };
      },
    }),
    route({
      method: 'get',
      path: '/v1/orders/{id}',
      operationId: 'getOrder',
      tag,
      summary: 'Get an order',
      access: { to: ['customer', 'manager', 'service'], scope: 'orders:read' },
      params,
      headers: z.object({ 'if-none-match': ifNoneMatch }),
      responses: {
        200: { description: 'The order', body: order, headers: { ETag } },
        304: { description: 'Not modified', headers: { ETag } },
      },
      problems: ['not_found', 'unavailable'],
      handle: async (request) => {
        const caller = callerOf(request);
        const view = await findOrder(service, request.params.id, caller);
        const etag = etagOf(view.order);
        if (isKnown(request.headers['if-none-match'], etag) && isAsOfItsVersion(view)) {
          return { status: 304, headers: { etag } };
        }
        return { status: 200, headers: { etag }, body: toOrderResource(view, caller.actor) };
      },
    }),
    route({
      method: 'patch',
      path: '/v1/orders/{id}',
      operationId: 'editOrder',
      tag,
      summary: 'Edit an order that is waiting',
      description: 'Existing lines keep their price; new lines get the current one. Omitted fields do not change.',
      access: { to: ['customer'], scope: 'orders:write' },
      params,
      headers: changeHeaders,
      body: edit,
      responses: changed(editedOrder),
      problems: [...changeProblems, 'product_unavailable'],
      handle: async (request) => {
        const { id: orderId } = request.params;
        const { asked, key } = attribute(request, 'PATCH', `/v1/orders/${orderId}`);
        const edited = await service.edit(orderId, request.body, asked);
        if ('refused' in edited) throw refusal(edited, key);
        return changeAnswer(edited, orderId, asked);
      },
    }),
    route({
      method: 'post',
      path: '/v1/orders/{id}/status',
      operationId: 'changeOrderStatus',
      tag,
      summary: 'Change the status of an order',
      description:
        'An order moves one step at a time: `waiting` → `preparation` → `ready` → `delivered`. It may also go back from `preparation` to `waiting`.',
      access: { to: ['manager', 'service'], scope: 'orders:write' },
      params,
      headers: changeHeaders,
      body: statusChange,
      responses: changed(movedOrder),
      problems: changeProblems,
      handle: async (request) => {
        const { asked, key } = attribute(request, 'POST', `/v1/orders/${request.params.id}/status`);
        const moved = await service.change(request.params.id, { update: 'changeStatus', ...request.body }, asked);
        if ('refused' in moved) throw refusal(moved, key);
        return changeAnswer(moved, request.params.id, asked);
      },
    }),
    route({
      method: 'post',
      path: '/v1/orders/{id}/cancel',
      operationId: 'cancelOrder',
      tag,
      summary: 'Cancel an order',
      access: { to: ['customer', 'manager', 'service'], scope: 'orders:write' },
      params,
      headers: changeHeaders,
      body: cancellation.default({}),
      responses: changed(cancelledOrder),
      problems: changeProblems,
      handle: async (request) => {
        const { asked, key } = attribute(request, 'POST', `/v1/orders/${request.params.id}/cancel`);
        const cancelled = await service.change(request.params.id, { update: 'cancel', ...request.body }, asked);
        if ('refused' in cancelled) throw refusal(cancelled, key);
        return changeAnswer(cancelled, request.params.id, asked);
      },
    }),
    route({
      method: 'get',
      path: '/v1/orders/{id}/timeline',
      operationId: 'getOrderTimeline',
      tag,
      summary: 'Get the timeline of an order',
      access: { to: ['customer', 'manager', 'service'], scope: 'orders:read' },
      params,
      responses: { 200: { description: 'The timeline, the oldest entry first', body: timeline } },
      problems: ['not_found', 'unavailable'],
      handle: async (request) => {
        const caller = callerOf(request);
        const deadline = soon();
        await findOrder(service, request.params.id, caller, deadline);
        const rows = await service.timeline(request.params.id, deadline);
        if ('refused' in rows) throw refusal(rows);
        return { status: 200, body: { data: toTimeline(rows, caller.actor) } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/orders/{id}/notifications/{deliveryId}/resend',
      operationId: 'resendNotification',
      tag,
      summary: 'Resend an email about an order',
      description:
        '`deliveryId` is that of a timeline entry, of any age. New attempts are added to that entry. Two requests within ' +
        'ten seconds send one email.',
      access: { to: ['manager'], scope: 'orders:write' },
      params: params.extend({ deliveryId: id }),
      responses: { 202: { description: 'Accepted. The timeline shows the outcome', body: nothing } },
      problems: ['not_found', 'nothing_to_send', 'outcome_unknown'],
      handle: async ({ params: { id: orderId, deliveryId } }) => {
        const refused = await resend(orderId, deliveryId, soon()).catch(unlessSilent);
        if (refused?.refused === 'not_found') throw new Problem('not_found');
        if (refused) throw new Problem('nothing_to_send', { detail: refused.detail });
        return { status: 202, body: {} };
      },
    }),
  ];
}

/** How long a request may wait for Temporal and the read model together, in ms (design §3). */
const PATIENCE = 3_000;
const soon = (): number => Date.now() + PATIENCE;

/** An order that the caller may see. @throws {Problem} `not_found`, `unavailable` */
export async function findOrder(
  service: Pick<OrderService, 'find'>,
  orderId: string,
  caller: Caller,
  deadline = soon(),
): Promise<OrderView> {
  const view = await service.find(orderId, { caller, deadline });
  if ('refused' in view) throw refusal(view);
  return view;
}

function unlessSilent(error: unknown): never {
  if (!(error instanceof OutcomeUnknown)) throw error;
  const detail = 'The email may have been sent. The timeline shows its outcome.';
  throw new Problem('outcome_unknown', { detail, cause: error });
}

type Writing = Pick<RouteInput<undefined, undefined, undefined, undefined>, 'caller' | 'requestId'> & {
  headers: Partial<Record<'idempotency-key' | 'prefer', string | undefined>> & { 'if-match'?: ExpectedVersions };
  body: unknown;
};

/** Who asks and under which key: the client's, or one made up so that even an answer that got lost can be asked for. */
function attribute(request: Writing, method: string, path: string): { asked: Asked; key: string } {
  const caller = callerOf(request);
  const given = request.headers['idempotency-key'];
  const key = given ?? randomUUID();
  const asked = {
    caller,
    key: bindKey(key, { subject: caller.id, method, path }, request.body),
    keyGiven: given !== undefined,
    expected: request.headers['if-match'],
    requestId: request.requestId,
    deadline: soon(),
    later: respondAsync(request.headers.prefer),
  };
  return { asked, key };
}

function answerOf(done: Done, { caller }: Asked, status: number): RouteResponse {
  return {
    status,
    headers: { etag: etagOf(done.order), ...(done.replayed && { 'idempotency-replayed': 'true' }) },
    body: toOrderResource(done, caller.actor),
  };
}

function changeAnswer(result: Done | Accepted, orderId: string, asked: Asked): RouteResponse {
  const replayed = 'replayed' in result && result.replayed;
  if ('replayed' in result && !(asked.later && replayed)) return answerOf(result, asked, 200);
  const headers = { 'preference-applied': 'respond-async', location: `/v1/orders/${orderId}` };
  // A replay answers the first status: the same request was answered 202, whatever has become of it since.
  return {
    status: 202,
    headers: { ...headers, ...(replayed && { 'idempotency-replayed': 'true' }) },
    body: toOrderResource(result, asked.caller.actor),
  };
}

/** RFC 7240: a list of preferences, each perhaps with a value and parameters. */
const respondAsync = (prefer = ''): boolean =>
  prefer.split(',').some((preference) => preference.split(';')[0]?.trim().toLowerCase() === 'respond-async');

type Refused = Extract<
  Awaited<ReturnType<OrderService['place'] | OrderService['quote'] | OrderService['change'] | OrderService['find']>>,
  { refused: string }
>;

/** @param key of a write, which makes its retry safe; none for a read, which simply can be tried again */
function refusal(refused: Refused, key?: string): Problem {
  if (refused.refused === 'outcome_unknown') {
    const { cause } = refused;
    if (key === undefined)
      return new Problem('unavailable', { detail: 'The order cannot be read at the moment. Try again.', cause });
    const detail = 'The request may have taken effect. Repeat it with this Idempotency-Key to get its outcome.';
    return new Problem('outcome_unknown', { detail, headers: { 'idempotency-key': key }, cause });
  }
  if (refused.refused === 'product_unavailable') {
    const errors = refused.lines.map((line): Fault => ({ pointer: `#/lines/${line}`, detail: 'is not available' }));
    return new Problem('product_unavailable', { extra: { errors } });
  }
  if (refused.refused === 'unknown_lines') {
    const detail = 'is not a line of this order, or occurs twice';
    return invalidRequest(refused.lines.map((line) => ({ pointer: `#/lines/${line}/id`, detail })));
  }
  if (refused.refused === 'workflow_gone') {
    const { refused: _, ...extra } = refused;
    const detail =
      'The order cannot change, because its workflow is lost. An operator can resume it: see docs/operating/backups-and-reconciling.md.';
    return new Problem('illegal_transition', { detail, extra });
  }
  const { refused: code, ...extra } = refused;
  const detail = refused.refused === 'illegal_transition' ? transitionDetail(refused) : undefined;
  return new Problem(code, { detail, extra });
}

const transitionDetail = ({ currentStatus, allowedTransitions }: Extract<Refused, { refused: 'illegal_transition' }>) =>
  `The status of the order is ${currentStatus}. Allowed next status: ${allowedTransitions.join(', ') || 'none'}.`;
