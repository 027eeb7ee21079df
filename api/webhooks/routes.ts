import { z } from 'zod';
import type { WebhookDelivery, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import { MAX_REDELIVERED, MAX_WEBHOOKS, type Webhook } from '../../domain/webhook/webhook.ts';
import { etagOf } from '../http/entity-tags.ts';
import { readPage } from '../http/paging.ts';
import { invalidRequest, Problem } from '../http/problem.ts';
import { type Route, type RouteResponse, route } from '../http/route.ts';
import { id, ifMatch } from '../http/schemas.ts';
import { toDeliveryResource, toWebhookResource } from './resources.ts';
import {
  delivery,
  deliveryList,
  deliveryQuery,
  eventDelivery,
  pendingDelivery,
  redelivered,
  redelivery,
  webhook,
  webhookChange,
  webhookList,
  webhookQuery,
  webhookRequest,
  webhookWithSecret,
} from './schemas.ts';
import type { WebhookRefusal, WebhookService } from './service.ts';

interface Dependencies {
  webhooks: WebhookRepository;
  webhookDeliveries: WebhookDeliveryRepository;
  webhookService: WebhookService;
}

const ETag = 'The version of the webhook, for `If-Match`';
const shared = { tag: 'Webhooks', access: { to: ['manager'], scope: 'webhooks:write' } } as const;
const onWebhook = { ...shared, params: z.object({ id }), problems: ['not_found'] } as const;
const changing = {
  ...onWebhook,
  headers: z.object({ 'if-match': ifMatch }),
  problems: ['not_found', 'version_mismatch'],
} as const;
const requestingDelivery = {
  ...onWebhook,
  responses: { 202: { description: 'The pending delivery', body: delivery, example: pendingDelivery } },
  problems: ['not_found', 'webhook_disabled'],
} as const;

/** The webhooks of other systems, and the deliveries of events to them. Managers only. */
export const webhookRoutes = (dependencies: Dependencies): Route[] => [
  ...readingRoutes(dependencies),
  ...changingRoutes(dependencies),
  ...deliveryRoutes(dependencies),
];

const readingRoutes = ({ webhooks }: Dependencies): Route[] => [
  route({
    ...shared,
    method: 'get',
    path: '/v1/webhooks',
    operationId: 'listWebhooks',
    summary: 'List webhooks',
    description: 'Send `nextCursor` as `cursor` to get the next page.',
    query: webhookQuery,
    responses: { 200: { description: 'A page of webhooks, the oldest first', body: webhookList } },
    handle: async ({ query: { cursor, limit } }) => {
      const page = await readPage(
        limit,
        (limit) => webhooks.list({ after: cursor, limit }),
        ({ createdAt, id }) => [createdAt, id],
      );
      return { status: 200, body: { ...page, data: page.data.map(toWebhookResource) } };
    },
  }),
  route({
    ...onWebhook,
    method: 'get',
    path: '/v1/webhooks/{id}',
    operationId: 'getWebhook',
    summary: 'Get a webhook',
    responses: { 200: { description: 'The webhook', body: webhook, headers: { ETag } } },
    handle: async ({ params }) => answer(await find(webhooks, params.id)),
  }),
];

const changingRoutes = ({ webhookService: service }: Dependencies): Route[] => [
  route({
    ...shared,
    method: 'post',
    path: '/v1/webhooks',
    operationId: 'createWebhook',
    summary: 'Create a webhook',
    description: `The endpoint receives all later events. Only this response contains the secret that verifies their signatures. A shop has at most ${MAX_WEBHOOKS} webhooks.`,
    body: webhookRequest,
    // Repeats `webhooks` of the OpenAPI document, because some client generators read only callbacks.
    callbacks: { event: { '{$request.body#/url}': eventDelivery('receiveEventOfNewWebhook') } },
    responses: {
      201: {
        description: 'The new webhook',
        body: webhookWithSecret,
        headers: { ETag, Location: 'The path of the webhook' },
      },
    },
    problems: ['too_many_webhooks'],
    handle: async ({ body }) => {
      const created = orProblem(await service.create(body));
      const { headers, ...rest } = answer(created);
      return { ...rest, status: 201, headers: { ...headers, location: `/v1/webhooks/${created.id}` } };
    },
  }),
  route({
    ...changing,
    method: 'patch',
    path: '/v1/webhooks/{id}',
    operationId: 'changeWebhook',
    summary: 'Change or enable a webhook',
    description: 'A webhook that you enable again receives all later events. Redeliver the events that it missed.',
    body: webhookChange,
    responses: { 200: { description: 'The changed webhook', body: webhook, headers: { ETag } } },
    handle: async ({ params, headers, body }) =>
      answer(orProblem(await service.change(params.id, headers['if-match'], body))),
  }),
  route({
    ...changing,
    method: 'delete',
    path: '/v1/webhooks/{id}',
    operationId: 'deleteWebhook',
    summary: 'Delete a webhook and its deliveries',
    description: 'Pending deliveries are dropped.',
    responses: { 204: { description: 'Deleted' } },
    handle: async ({ params, headers }) => {
      orProblem((await service.remove(params.id, headers['if-match'])) ?? {});
      return { status: 204 };
    },
  }),
  route({
    ...changing,
    method: 'post',
    path: '/v1/webhooks/{id}/rotate',
    operationId: 'rotateWebhookSecret',
    summary: 'Rotate the secret of a webhook',
    description: 'Deliveries are signed with both secrets for 24 hours, so that you can switch to the new one.',
    responses: {
      200: { description: 'The webhook with its new secret', body: webhookWithSecret, headers: { ETag } },
    },
    handle: async ({ params, headers }) => answer(orProblem(await service.rotate(params.id, headers['if-match']))),
  }),
];

const deliveryRoutes = ({ webhooks, webhookDeliveries, webhookService: service }: Dependencies): Route[] => [
  route({
    ...requestingDelivery,
    method: 'post',
    path: '/v1/webhooks/{id}/test',
    operationId: 'testWebhook',
    summary: 'Send a test event',
    description:
      'Sends a `webhook.test` event in the same way as other events. The list of deliveries shows its outcome.',
    handle: async ({ params }) => accepted(orProblem(await service.test(params.id))),
  }),
  route({
    ...onWebhook,
    method: 'get',
    path: '/v1/webhooks/{id}/deliveries',
    operationId: 'listWebhookDeliveries',
    summary: 'List the deliveries of a webhook',
    description: 'The newest come first. Send `nextCursor` as `cursor` to get the next page.',
    query: deliveryQuery,
    responses: { 200: { description: 'A page of deliveries', body: deliveryList } },
    handle: async ({ params, query: { cursor, limit, outcome } }) => {
      await find(webhooks, params.id);
      const before = cursor && Number(cursor[0]);
      const page = await readPage(
        limit,
        (limit) => webhookDeliveries.list(params.id, { before, outcome, limit }),
        ({ seq }) => [String(seq)],
      );
      return { status: 200, body: { ...page, data: page.data.map(toDeliveryResource) } };
    },
  }),
  route({
    ...requestingDelivery,
    method: 'post',
    path: '/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver',
    operationId: 'redeliverWebhookDelivery',
    summary: 'Redeliver an event',
    description: 'Sends the event again with the same `webhook-id`, even if an earlier delivery succeeded.',
    params: onWebhook.params.extend({ deliveryId: id }),
    handle: async ({ params }) => accepted(orProblem(await service.redeliver(params.id, params.deliveryId))),
  }),
  route({
    ...requestingDelivery,
    method: 'post',
    path: '/v1/webhooks/{id}/redeliver',
    operationId: 'redeliverWebhookEvents',
    summary: 'Redeliver all events of a period',
    description: `Sends the events of the webhook’s types again, including those never sent before. At most ${MAX_REDELIVERED} events.`,
    body: redelivery,
    responses: { 202: { description: 'The number of pending deliveries', body: redelivered } },
    handle: async ({ params, body }) => {
      const counted = orProblem(await service.redeliverRange(params.id, body));
      return { status: 202, body: counted };
    },
  }),
];

async function find(webhooks: WebhookRepository, id: string): Promise<Webhook> {
  const webhook = await webhooks.find(id);
  if (!webhook) throw new Problem('not_found');
  return webhook;
}

function orProblem<Result extends object>(result: Result | WebhookRefusal): Result {
  if (!('refused' in result)) return result;
  const { refused, ...rest } = result as WebhookRefusal & { fault?: string };
  if (refused === 'invalid_url') throw invalidRequest([{ pointer: '#/url', detail: rest.fault ?? '' }]);
  if (refused === 'too_many_events') {
    const detail = `must be earlier: the period has more than ${MAX_REDELIVERED} events`;
    throw invalidRequest([{ pointer: '#/to', detail }]);
  }
  throw new Problem(refused, { extra: rest });
}

const answer = (webhook: Webhook): RouteResponse => ({
  status: 200,
  headers: { etag: etagOf(webhook) },
  body: toWebhookResource(webhook),
});

const accepted = (asked: WebhookDelivery): RouteResponse => ({ status: 202, body: toDeliveryResource(asked) });
