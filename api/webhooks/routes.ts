import { z } from 'zod';
import type { WebhookDelivery, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import { MAX_REDELIVERED, MAX_WEBHOOKS, type Webhook } from '../../domain/webhook/webhook.ts';
import type { Access } from '../http/access.ts';
import { etagOf } from '../http/entity-tags.ts';
import { readPage } from '../http/paging.ts';
import { invalidRequest, Problem } from '../http/problem.ts';
import { type Route, type RouteResponse, route } from '../http/route.ts';
import { id, ifMatch } from '../http/schemas.ts';
import { toDeliveryResource, toWebhookResource } from './resources.ts';
import {
  askedDelivery,
  delivery,
  deliveryList,
  deliveryQuery,
  eventDelivery,
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

const access: Access = { to: ['manager'], scope: 'webhooks:write' };
const tag = 'Webhooks';
const params = z.object({ id });
const deliveryParams = z.object({ id, deliveryId: id });
const headers = z.object({ 'if-match': ifMatch });
const ETag = 'The version of the webhook, for `If-Match`';
const asked = { 202: { description: 'The pending delivery', body: delivery, example: askedDelivery } };

/** The webhooks of other systems, and the deliveries of events to them. Managers only. */
export const webhookRoutes = (dependencies: Dependencies): Route[] => [
  ...readingRoutes(dependencies),
  ...changingRoutes(dependencies),
  ...deliveryRoutes(dependencies),
];

function readingRoutes({ webhooks }: Dependencies): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/webhooks',
      operationId: 'listWebhooks',
      tag,
      summary: 'List webhooks',
      description: 'Send `nextCursor` as `cursor` to get the next page.',
      access,
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
      method: 'get',
      path: '/v1/webhooks/{id}',
      operationId: 'getWebhook',
      tag,
      summary: 'Get a webhook',
      access,
      params,
      responses: { 200: { description: 'The webhook', body: webhook, headers: { ETag } } },
      problems: ['not_found'],
      handle: async ({ params }) => answer(await find(webhooks, params.id)),
    }),
  ];
}

function changingRoutes({ webhookService: service }: Dependencies): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/webhooks',
      operationId: 'createWebhook',
      tag,
      summary: 'Create a webhook',
      description: `The endpoint receives all later events. Only this response contains the secret that verifies their signatures. A shop has at most ${MAX_WEBHOOKS} webhooks.`,
      access,
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
      method: 'patch',
      path: '/v1/webhooks/{id}',
      operationId: 'changeWebhook',
      tag,
      summary: 'Change or enable a webhook',
      description: 'A webhook that you enable again receives all later events. Redeliver the events that it missed.',
      access,
      params,
      headers,
      body: webhookChange,
      responses: { 200: { description: 'The changed webhook', body: webhook, headers: { ETag } } },
      problems: ['not_found', 'version_mismatch'],
      handle: async ({ params, headers, body }) =>
        answer(orProblem(await service.change(params.id, headers['if-match'], body))),
    }),
    route({
      method: 'delete',
      path: '/v1/webhooks/{id}',
      operationId: 'deleteWebhook',
      tag,
      summary: 'Delete a webhook and its deliveries',
      description: 'Pending deliveries are dropped.',
      access,
      params,
      headers,
      responses: { 204: { description: 'Deleted' } },
      problems: ['not_found', 'version_mismatch'],
      handle: async ({ params, headers }) => {
        orProblem((await service.remove(params.id, headers['if-match'])) ?? {});
        return { status: 204 };
      },
    }),
    route({
      method: 'post',
      path: '/v1/webhooks/{id}/rotate',
      operationId: 'rotateWebhookSecret',
      tag,
      summary: 'Rotate the secret of a webhook',
      description: 'Deliveries are signed with both secrets for 24 hours, so that you can switch to the new one.',
      access,
      params,
      headers,
      responses: {
        200: { description: 'The webhook with its new secret', body: webhookWithSecret, headers: { ETag } },
      },
      problems: ['not_found', 'version_mismatch'],
      handle: async ({ params, headers }) => answer(orProblem(await service.rotate(params.id, headers['if-match']))),
    }),
  ];
}

function deliveryRoutes({ webhooks, webhookDeliveries, webhookService: service }: Dependencies): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/webhooks/{id}/test',
      operationId: 'testWebhook',
      tag,
      summary: 'Send a test event',
      description:
        'Sends a `webhook.test` event in the same way as other events. The list of deliveries shows its outcome.',
      access,
      params,
      responses: asked,
      problems: ['not_found', 'webhook_disabled'],
      handle: async ({ params }) => accepted(orProblem(await service.test(params.id))),
    }),
    route({
      method: 'get',
      path: '/v1/webhooks/{id}/deliveries',
      operationId: 'listWebhookDeliveries',
      tag,
      summary: 'List the deliveries of a webhook',
      description: 'The newest come first. Send `nextCursor` as `cursor` to get the next page.',
      access,
      params,
      query: deliveryQuery,
      responses: { 200: { description: 'A page of deliveries', body: deliveryList } },
      problems: ['not_found'],
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
      method: 'post',
      path: '/v1/webhooks/{id}/deliveries/{deliveryId}/redeliver',
      operationId: 'redeliverWebhookDelivery',
      tag,
      summary: 'Redeliver an event',
      description: 'Sends the event again with the same `webhook-id`, even if an earlier delivery succeeded.',
      access,
      params: deliveryParams,
      responses: asked,
      problems: ['not_found', 'webhook_disabled'],
      handle: async ({ params }) => accepted(orProblem(await service.redeliver(params.id, params.deliveryId))),
    }),
    route({
      method: 'post',
      path: '/v1/webhooks/{id}/redeliver',
      operationId: 'redeliverWebhookEvents',
      tag,
      summary: 'Redeliver all events of a period',
      description: `Sends the events of the webhook’s types again, including those never sent before. At most ${MAX_REDELIVERED} events.`,
      access,
      params,
      body: redelivery,
      responses: { 202: { description: 'The number of pending deliveries', body: redelivered } },
      problems: ['not_found', 'webhook_disabled'],
      handle: async ({ params, body }) => ({
        status: 202,
        body: orProblem(await service.redeliverRange(params.id, body)),
      }),
    }),
  ];
}

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
