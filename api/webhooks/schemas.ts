import { z } from 'zod';
import type { ZodOpenApiPathItemObject } from 'zod-openapi';
import { CLOUD_EVENT_TYPE } from '../../domain/order/cloud-event.ts';
import { eventTypes } from '../../domain/order/order.ts';
import { deliveryOutcomes, disabledReasons, TEST_EVENT } from '../../domain/webhook/webhook.ts';
import { orderId, webhookId } from '../docs/examples.ts';
import { cursorParameter, limitParameter, nextCursor } from '../http/paging.ts';
import { changeOf, freeText, id, instant, timestamp } from '../http/schemas.ts';
import { eventType } from '../streams/schemas.ts';

const kitchen = {
  id: webhookId,
  url: 'https://kitchen.example/hooks/crema',
  description: 'The kitchen display',
  events: ['order.placed', 'order.cancelled'] as const,
  enabled: true,
  disabled: null,
  failingSince: null,
  version: 1,
  createdAt: '2026-11-22T08:00:00.000Z',
  updatedAt: '2026-11-22T08:00:00.000Z',
};

const exampleSecret = `whsec_${Buffer.from('an example, and nobody’s secret').toString('base64')}`;

const aDelivery = {
  id: '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a99',
  eventId: `${orderId}:1`,
  type: 'order.placed' as const,
  outcome: 'delivered' as const,
  attempts: 1,
  createdAt: '2026-11-22T09:30:00.100Z',
  settledAt: '2026-11-22T09:30:00.150Z',
  lastAttempts: [{ at: '2026-11-22T09:30:00.150Z', status: 204, duration: 38, error: null, response: '' }],
};

const disabling = z
  .object({
    reason: z.enum(disabledReasons).meta({
      id: 'DisabledReason',
      description:
        '`manager`: a manager disabled it. `gone`: its endpoint returned 410. `failing`: all deliveries failed for too long',
    }),
    at: timestamp,
  })
  .meta({ id: 'DisabledWebhook', description: 'When and why the webhook was disabled' });

export const webhook = z
  .object({
    id,
    url: z.string(),
    description: z.string(),
    events: z.array(eventType),
    enabled: z.boolean(),
    disabled: disabling.nullable(),
    failingSince: timestamp
      .nullable()
      .meta({ description: 'When the first delivery failed since the last success. null if none failed' }),
    version: z.int().meta({ description: 'Increases with every change. The `ETag` header contains it' }),
    createdAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Webhook', examples: [kitchen] });

export const webhookWithSecret = webhook
  .extend({
    secret: z
      .string()
      .meta({ description: 'The key of the signatures (Standard Webhooks). Only this response contains it' }),
  })
  .meta({ id: 'WebhookWithSecret', examples: [{ ...kitchen, secret: exampleSecret }] });

export const webhookList = z
  .object({ data: z.array(webhook), nextCursor })
  .meta({ id: 'WebhookList', examples: [{ data: [kitchen], nextCursor: null }] });

export const webhookQuery = z.strictObject({
  limit: limitParameter,
  cursor: cursorParameter(z.tuple([z.iso.datetime(), z.uuid()])),
});

const url = z
  .url({ protocol: /^https?$/, normalize: true, error: 'must be https://…' })
  .max(2_000)
  .meta({
    description:
      'The endpoint: an `https` URL that does not resolve to a private network. In development, `http` URLs and addresses of the API’s own machine are also allowed',
    examples: [kitchen.url],
  });
const description = freeText(500).meta({ description: 'A note for managers' });
const events = z
  .array(eventType)
  .min(1)
  .max(eventTypes.length)
  .refine((all) => new Set(all).size === all.length, 'must not contain duplicates')
  // `uniqueItems` is left out, because with it some client generators use a set in requests but a list in responses.
  .meta({ description: 'The event types that the webhook receives, without duplicates' });
const enabled = z.boolean().meta({ description: 'Whether events are sent to the webhook' });

export const webhookRequest = z
  .strictObject({
    url,
    description: description.default(''),
    events: events.default([...eventTypes]),
    enabled: enabled.default(true),
  })
  .meta({
    id: 'WebhookRequest',
    examples: [{ url: kitchen.url, description: kitchen.description, events: kitchen.events }],
  });

export const webhookChange = changeOf({ url, description, events, enabled }).meta({
  id: 'WebhookChange',
  examples: [{ enabled: true }],
});

const deliveryOutcome = z.enum(deliveryOutcomes).meta({
  id: 'WebhookDeliveryOutcome',
  description:
    '`pending`: another attempt follows. `gone`: the endpoint returned 410. `dropped`: the webhook was disabled. ' +
    '`given_up`: the retry period is over',
});

const deliveryAttempt = z
  .object({
    at: timestamp,
    status: z.int().nullable().meta({ description: 'The HTTP status of the response. null if there was no response' }),
    duration: z.int().meta({ description: 'The duration in milliseconds' }),
    error: z.string().nullable().meta({ description: 'Why the attempt failed. null if it succeeded' }),
    response: z.string().nullable().meta({ description: 'The beginning of the response body' }),
  })
  .meta({ id: 'WebhookDeliveryAttempt' });

export const delivery = z
  .object({
    id,
    eventId: z.string().meta({ description: 'The `webhook-id` of the requests' }),
    type: z.enum([...eventTypes, TEST_EVENT]).meta({ id: 'DeliveredEventType' }),
    outcome: deliveryOutcome,
    attempts: z.int().meta({ description: 'The number of attempts' }),
    createdAt: timestamp,
    settledAt: timestamp.nullable().meta({ description: 'When the outcome became final' }),
    lastAttempts: z.array(deliveryAttempt).meta({ description: 'The last ten attempts, the newest first' }),
  })
  .meta({ id: 'WebhookDelivery', examples: [aDelivery] });

export const pendingDelivery = { ...aDelivery, outcome: 'pending', attempts: 0, settledAt: null, lastAttempts: [] };

export const deliveryList = z
  .object({ data: z.array(delivery), nextCursor })
  .meta({ id: 'WebhookDeliveryList', examples: [{ data: [aDelivery], nextCursor: null }] });

export const deliveryQuery = z.strictObject({
  outcome: deliveryOutcome.optional(),
  limit: limitParameter,
  cursor: cursorParameter(z.tuple([z.string().regex(/^[1-9]\d{0,14}$/)])),
});

export const redelivery = z
  .strictObject({
    from: instant.meta({ description: 'RFC 3339, inclusive' }),
    to: instant.meta({ description: 'RFC 3339, exclusive' }),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { path: ['to'], error: 'must be after from' })
  .meta({
    id: 'WebhookRedelivery',
    examples: [{ from: '2026-11-22T09:00:00.000Z', to: '2026-11-22T10:00:00.000Z' }],
  });

export const redelivered = z
  .object({ count: z.int().meta({ description: 'The number of events that are redelivered' }) })
  .meta({ id: 'WebhookRedelivered', examples: [{ count: 12 }] });

/** Describes the delivery of a CloudEvent that is signed as Standard Webhooks specifies. @param operationId unique in the document */
export const eventDelivery = (operationId: string) =>
  ({
    post: {
      operationId,
      // Without this, openapi-generator generates a client for the operation. Its `typescript-fetch` client does not compile.
      'x-internal': true,
      tags: ['Events'],
      summary: 'Receive an event',
      description: 'Verify the signature over the raw body, as docs/webhooks.md shows.',
      security: [],
      requestParams: { header: signatureHeaders },
      requestBody: {
        required: true,
        content: { [CLOUD_EVENT_TYPE]: { schema: { $ref: '#/components/schemas/CloudEvent' } } },
      },
      responses: {
        '2XX': { description: 'Accepted' },
        410: { description: 'Gone. Crema disables the webhook' },
      },
    },
  }) satisfies ZodOpenApiPathItemObject;

const signatureHeaders = z.object({
  'webhook-id': z.string().meta({ description: 'The id of the event. The same for each attempt' }),
  'webhook-timestamp': z.string().meta({ description: 'The time of this attempt, in seconds since 1970' }),
  'webhook-signature': z
    .string()
    .meta({ description: '`v1,<base64>`. After a rotation, two signatures, separated by a space' }),
});
