import { z } from 'zod';
import { eventTypes } from '../../domain/order/order.ts';
import { TEST_EVENT } from '../../domain/webhook/webhook.ts';
import * as examples from '../docs/examples.ts';
import { id, timestamp } from '../http/schemas.ts';
import { actor, order, status } from '../orders/schemas.ts';
import { fromPosition } from './position.ts';

/** An order as events carry it: without what is one person's view of it. */
const orderInEvent = order
  .omit({ allowedTransitions: true })
  .extend({ customer: z.object({ id }).meta({ id: 'CustomerReference' }) })
  .meta({ id: 'OrderInEvent', description: 'An order as of an event', examples: [examples.orderInEvent] });

export const eventType = z.enum(eventTypes).meta({
  id: 'EventType',
  description: 'The last two are alerts: they raise a flag of the order, and no version',
});

const happening = z
  .object({ order: orderInEvent, from: status.nullable(), to: status, actor, reason: z.string().nullable() })
  .meta({ id: 'OrderEventData' });

export const orderEvent = z
  .object({
    specversion: z.literal('1.0'),
    type: eventType,
    id: z
      .string()
      .meta({ description: '`<order>:<version>`, an alert’s `<order>:<version>:<alert>`: the same everywhere' }),
    source: z.url().meta({ description: 'The orders of the shop: `PUBLIC_URL` followed by `/v1/orders`' }),
    subject: id.meta({ description: 'The order' }),
    time: timestamp,
    datacontenttype: z.literal('application/json'),
    data: happening,
  })
  .meta({
    id: 'OrderEvent',
    description: 'What happened to an order: a CloudEvent (1.0) in JSON',
    examples: [examples.movedEvent],
  });

const testEvent = z
  .object({
    specversion: z.literal('1.0'),
    // A named enum: the Go client of openapi-generator ignores constants, and could not tell the events apart.
    type: z.enum([TEST_EVENT]).meta({ id: 'TestEventType' }),
    id: z.string(),
    source: z.url().meta({ description: 'The webhooks of the shop: `PUBLIC_URL` and `/v1/webhooks`' }),
    subject: id.meta({ description: 'The webhook' }),
    time: timestamp,
    datacontenttype: z.literal('application/json'),
    data: z.object({}).meta({ id: 'TestEventData' }),
  })
  .meta({ id: 'TestEvent', description: 'What a webhook is tried with', examples: [examples.testEvent] });

/** An event as webhooks receive it. */
export const cloudEvent = z
  .discriminatedUnion('type', [orderEvent, testEvent])
  .meta({ id: 'CloudEvent', description: 'CloudEvents 1.0 in JSON; `type` says which' });

export const orderSnapshot = z.object({ order: orderInEvent }).meta({
  id: 'OrderSnapshot',
  description: 'The order, as of the position',
  examples: [{ order: examples.orderInEvent }],
});

export const shopSnapshot = z.object({ orders: z.array(orderInEvent) }).meta({
  id: 'ShopSnapshot',
  description: 'All orders that are open, the oldest first, as of the position',
  examples: [{ orders: [examples.orderInEvent] }],
});

/** The id of an event; an empty one is as none, as browsers have it. */
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
  after: position.optional().meta({ description: 'The same as `Last-Event-ID`, where no header can be sent' }),
  ticket: ticket.optional().meta({ description: 'In place of an access token' }),
});

export const streamHeaders = z.object({
  'last-event-id': position.optional().meta({
    description: 'The id of the last event that you have: everything behind it follows, and no snapshot',
    examples: [examples.position],
  }),
});

export const ticketRequest = z
  .strictObject({ orderId: id.optional().meta({ description: 'Whose stream; without it, that of the whole shop' }) })
  .meta({ id: 'StreamTicketRequest', examples: [{ orderId: examples.orderId }] });

export const ticketAnswer = z
  .object({ ticket: z.string(), expiresAt: timestamp })
  .meta({ id: 'StreamTicket', examples: [examples.streamTicket] });
