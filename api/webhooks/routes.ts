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
const asked = { 202: { description: 'It is on its way', body: delivery, example: askedDelivery } };

/** Managers have events sent to other systems. */
export function webhookRoutes({ webhooks, webhookDeliveries, webhookService: service }: Dependencies): Route[] {
  return [
    route({
      method: 'get',
      path: '/v1/webhooks',
      operationId: 'listWebhooks',
      tag,
      summary: 'All webhooks, the oldest first',
      description: 'Send `nextCursor` as `cursor` for the next page.',
      access,
      query: webhookQuery,
      responses: { 200: { description: 'A page of webhooks', body: webhookList } },
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
      method: 'post',
      path: '/v1/webhooks',
      operationId: 'createWebhook',
      tag,
      summary: 'Have events sent to an endpoint',
      description: `It hears of what happens from now on. Verify what comes by the secret, which is shown this once. At most ${MAX_WEBHOOKS}.`,
      access,
      body: webhookRequest,
      // The same as `webhooks` of the document says: some generators of clients read only callbacks.
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
      method: 'get',
      path: '/v1/webhooks/{id}',
      operationId: 'getWebhook',
      tag,
      summary: 'One webhook',
      access,
      params,
      responses: { 200: { description: 'The webhook', body: webhook, headers: { ETag } } },
      problems: ['not_found'],
      handle: async ({ params }) => answer(await found(params.id)),
    }),
    route({
      method: 'patch',
      path: '/v1/webhooks/{id}',
      operationId: 'changeWebhook',
      tag,
      summary: 'Change a webhook, or enable it again',
      description: 'One that is enabled again hears of what happens from then on; for what it missed, redeliver.',
      access,
      params,
      headers,
      body: webhookChange,
      responses: { 200: { description: 'The webhook as it is now', body: webhook, headers: { ETag } } },
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
      description: 'Nothing more is sent there, what is under way included.',
      access,
      params,
      headers,
      responses: { 204: { description: 'Gone' } },
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
      summary: 'Replace its secret',
      description: 'For 24 hours both secrets sign, so that no delivery fails while you take over the new one.',
      access,
      params,
      headers,
      responses: { 200: { description: 'With the new secret', body: webhookWithSecret, headers: { ETag } } },
      problems: ['not_found', 'version_mismatch'],
      handle: async ({ params, headers }) => answer(orProblem(await service.rotate(params.id, headers['if-match']))),
    }),
    route({
      method: 'post',
      path: '/v1/webhooks/{id}/test',
      operationId: 'testWebhook',
      tag,
      summary: 'Send a test',
      description: 'A `webhook.test` event, delivered as all others; what becomes of it is among the deliveries.',
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
      summary: 'What was sent, and what came back',
      description: 'The newest first. Send `nextCursor` as `cursor` for the next page.',
      access,
      params,
      query: deliveryQuery,
      responses: { 200: { description: 'A page of deliveries', body: deliveryList } },
      problems: ['not_found'],
      handle: async ({ params, query: { cursor, limit, outcome } }) => {
        await found(params.id);
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
      summary: 'Deliver one event once more',
      description: 'With the same `webhook-id`, whatever became of it before.',
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
      summary: 'Deliver all events of a time once more',
      description: `Those of the types that it hears of, whether they were sent before or not; at most ${MAX_REDELIVERED}.`,
      access,
      params,
      body: redelivery,
      responses: { 202: { description: 'They are on their way', body: redelivered } },
      problems: ['not_found', 'webhook_disabled'],
      handle: async ({ params, body }) => ({
        status: 202,
        body: orProblem(await service.redeliverRange(params.id, body)),
      }),
    }),
  ];

  async function found(id: string): Promise<Webhook> {
    const webhook = await webhooks.find(id);
    if (!webhook) throw new Problem('not_found');
    return webhook;
  }
}

function orProblem<Result extends object>(result: Result | WebhookRefusal): Result {
  if (!('refused' in result)) return result;
  const { refused, ...rest } = result as WebhookRefusal & { fault?: string };
  if (refused === 'invalid_url') throw invalidRequest([{ pointer: '#/url', detail: rest.fault ?? '' }]);
  if (refused === 'too_many_events') {
    const detail = `must be earlier: there are more than ${MAX_REDELIVERED} events until then`;
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
