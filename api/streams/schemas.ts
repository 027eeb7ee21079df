import { z } from 'zod';
import { CATALOG_CHANGED } from '../../domain/catalog/catalog-changed.ts';
import { eventTypes } from '../../domain/order/order.ts';
import { TEST_EVENT } from '../../domain/webhook/webhook.ts';
import * as examples from '../docs/examples.ts';
import { id, timestamp } from '../http/schemas.ts';
import { actor, order, status } from '../orders/schemas.ts';
import { fromPosition } from './position.ts';

/** An order in an event, without the fields that depend on the reader. */
const orderInEvent = order
  .omit({ allowedTransitions: true })
  .extend({
    customer: z.object({ id: id.nullable() }).meta({
      id: 'CustomerReference',
      description: 'The id is null for an order of the channel `counter`. Events contain no names',
    }),
  })
  .meta({ id: 'OrderInEvent', description: 'The order after the event', examples: [examples.orderInEvent] });

export const eventType = z.enum(eventTypes).meta({
  id: 'EventType',
  description:
    '`order.delayed` and `order.uncollected` are alerts: they add a flag to the order but do not increase its version',
});

const happening = z
  .object({ order: orderInEvent, from: status.nullable(), to: status, actor, reason: z.string().nullable() })
  .meta({ id: 'OrderEventData' });

export const orderEvent = z
  .object({
    specversion: z.literal('1.0'),
    type: eventType,
    id: z.string().meta({
      description:
        '`<order>:<version>`, or `<order>:<version>:<alert>` for an alert. The same wherever the event is sent',
    }),
    source: z.url().meta({ description: 'The URL of the shop’s orders: `PUBLIC_URL` followed by `/v1/orders`' }),
    subject: id.meta({ description: 'The id of the order' }),
    time: timestamp,
    datacontenttype: z.literal('application/json'),
    data: happening,
  })
  .meta({
    id: 'OrderEvent',
    description: 'An event of an order, as a CloudEvent 1.0 in JSON',
    examples: [examples.movedEvent],
  });

const testEvent = z
  .object({
    specversion: z.literal('1.0'),
    // A named enum, because openapi-generator's Go client ignores constants and needs the type to distinguish events.
    type: z.enum([TEST_EVENT]).meta({ id: 'TestEventType' }),
    id: z.string(),
    source: z.url().meta({ description: 'The URL of the shop’s webhooks: `PUBLIC_URL` followed by `/v1/webhooks`' }),
    subject: id.meta({ description: 'The id of the webhook' }),
    time: timestamp,
    datacontenttype: z.literal('application/json'),
    data: z.object({}).meta({ id: 'TestEventData' }),
  })
  .meta({
    id: 'TestEvent',
    description: 'The event that `POST /v1/webhooks/{id}/test` sends',
    examples: [examples.testEvent],
  });

export const catalogChangedEvent = z
  .object({
    specversion: z.literal('1.0'),
    type: z.literal(CATALOG_CHANGED),
    id: z.string(),
    source: z.url().meta({ description: 'The URL of the menu: `PUBLIC_URL` followed by `/v1/catalog`' }),
    time: timestamp,
    datacontenttype: z.literal('application/json'),
    data: z.object({}),
  })
  .meta({
    id: 'CatalogChangedEvent',
    description: 'The menu has changed: read `GET /v1/catalog` again. A CloudEvent 1.0 in JSON',
    examples: [examples.catalogChangedEvent],
  });

/** An event as webhooks receive it. */
export const cloudEvent = z
  .discriminatedUnion('type', [orderEvent, testEvent])
  .meta({ id: 'CloudEvent', description: 'A CloudEvent 1.0 in JSON: an order event or a test event, by `type`' });

export const orderSnapshot = z.object({ order: orderInEvent }).meta({
  id: 'OrderSnapshot',
  description: 'The order at this position of the stream',
  examples: [{ order: examples.orderInEvent }],
});

export const shopSnapshot = z.object({ orders: z.array(orderInEvent) }).meta({
  id: 'ShopSnapshot',
  description: 'All open orders at this position of the stream, the oldest first',
  examples: [{ orders: [examples.orderInEvent] }],
});

/** The id of an event. Browsers that have received no event send an empty id. */
const position = z.string().transform((text, context) => {
  if (text === '') return undefined;
  const place = fromPosition(text);
  if (!place) context.addIssue('must be the id of an event of a stream');
  return place ?? z.NEVER;
});

const ticket = z
  .string()
  .max(4_096)
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'must be a ticket of POST /v1/stream-tickets');

export const streamQuery = z.strictObject({
  after: position
    .optional()
    .meta({ description: 'The same as `Last-Event-ID`, for clients that cannot send the header' }),
  ticket: ticket.optional().meta({ description: 'A ticket of `POST /v1/stream-tickets`, instead of an access token' }),
});

export const streamHeaders = z.object({
  'last-event-id': position.optional().meta({
    description: 'The id of the last event that you received. The stream continues after it, without a snapshot',
    examples: [examples.position],
  }),
});

export const ticketRequest = z
  .strictObject({
    orderId: id.optional().meta({
      description: 'The id of the order to follow. If it is omitted, the ticket is for the stream of all orders',
    }),
    followToken: z.string().max(100).optional().meta({
      description:
        'The token of the order’s follow link: the part after `#`. It replaces the access token. Requires `orderId`',
    }),
  })
  .refine(({ orderId, followToken }) => followToken === undefined || orderId !== undefined, {
    path: ['orderId'],
    error: 'is required with followToken',
  })
  .meta({ id: 'StreamTicketRequest', examples: [{ orderId: examples.orderId }] });

export const ticketAnswer = z
  .object({ ticket: z.string(), expiresAt: timestamp })
  .meta({ id: 'StreamTicket', examples: [examples.streamTicket] });
