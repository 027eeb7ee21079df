import { z } from 'zod';
import {
  cancellationReasons,
  locations,
  MAX_LINES,
  MAX_NOTE_LENGTH,
  MAX_QUANTITY,
  MAX_REASON_LENGTH,
} from '../../domain/order/order.ts';
import { statuses } from '../../domain/order/transitions.ts';
import * as examples from '../docs/examples.ts';
import { cursorParameter, limitParameter, nextCursor } from '../http/paging.ts';
import { digits, freeText, id, instant, money, timestamp } from '../http/schemas.ts';

export const status = z.enum(statuses).meta({
  id: 'OrderStatus',
  description: 'waiting → preparation → ready → delivered; `delivered` and `cancelled` are final',
});

export const actor = z
  .object({
    type: z.enum(['customer', 'manager', 'service', 'operator', 'system']).meta({
      id: 'ActorType',
      description: '`operator`: a person who uses Temporal’s own tools; `system`: Crema itself',
    }),
    id: z.string().nullable().meta({ description: 'The actor’s id; customers see only their own' }),
  })
  .meta({ id: 'Actor', description: 'Who did something' });

const line = z
  .object({
    id,
    productId: id,
    variationId: id.nullable(),
    product: z.string().meta({ description: 'Its name when the order was placed' }),
    variation: z.string().nullable().meta({ description: 'Its name when the order was placed' }),
    quantity: z.int(),
    unitPrice: money.meta({ description: 'Frozen when the order was placed, the variation included' }),
    total: money,
  })
  .meta({ id: 'OrderLine' });

const location = z.enum(locations).meta({ id: 'Location' });
const cancellationReason = z.enum(cancellationReasons).meta({ id: 'CancellationReason' });

const customer = z
  .object({ id, name: z.string().nullable().meta({ description: 'null once they are forgotten' }) })
  .meta({ id: 'OrderCustomer' });

const orderCancellation = z
  .object({ reasonCode: cancellationReason.nullable(), reason: z.string().nullable(), by: actor, at: timestamp })
  .meta({ id: 'OrderCancellation' });

export const order = z
  .object({
    id,
    number: z.int().meta({ description: 'Called out at the counter, 1 to 999; identifies nothing' }),
    status,
    version: z.int().meta({ description: 'Starts at 1 and goes up by one with every change; the `ETag`' }),
    customer,
    location,
    note: z.string().nullable(),
    lines: z.array(line),
    total: money,
    flags: z.array(z.string()).meta({ description: 'Alerts raised so far' }),
    cancellation: orderCancellation.nullable().meta({ description: 'null unless it is cancelled' }),
    allowedTransitions: z.array(status).meta({ description: 'Where you may move it now' }),
    placedAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Order', examples: [examples.placedOrder] });
export type OrderResource = z.output<typeof order>;

export const orderList = z
  .object({ data: z.array(order), nextCursor })
  .meta({ id: 'OrderList', examples: [{ data: [examples.placedOrder], nextCursor: null }] });

const orderLineRequest = z
  .strictObject({
    productId: id.meta({ description: 'Of the catalog' }),
    variationId: id.optional().meta({ description: 'One of the product’s own; a variation is always optional' }),
    quantity: z.int().min(1).max(MAX_QUANTITY),
  })
  .meta({ id: 'OrderLineRequest' });

const keptLine = z
  .strictObject({
    id: id.meta({ description: 'Of a line of this order: it keeps its price' }),
    quantity: z.int().min(1).max(MAX_QUANTITY),
  })
  .meta({ id: 'KeptOrderLine' });

const editedLine = z.union([keptLine, orderLineRequest]).meta({ id: 'EditedOrderLine' });

const note = freeText(MAX_NOTE_LENGTH).meta({
  description: 'For the person who makes the order; empty if it has no visible character',
});

export const orderRequest = z
  .strictObject({
    lines: z.array(orderLineRequest).min(1).max(MAX_LINES),
    location: location.default('take_away'),
    note: note.optional(),
    expectedTotal: money.optional().meta({ description: 'What you were shown; refused when it is another by now' }),
  })
  .meta({ id: 'OrderRequest', examples: [examples.orderRequest] });

export const quote = z
  .object({ lines: z.array(line.omit({ id: true }).meta({ id: 'QuotedLine' })), total: money })
  .meta({ id: 'Quote', examples: [examples.quote] });

export const edit = z
  .strictObject({
    lines: z
      .array(editedLine)
      .min(1)
      .max(MAX_LINES)
      .optional()
      .meta({ description: 'All lines from now on; a line that is not named goes' }),
    location: location.optional(),
    note: note.nullable().optional().meta({ description: '`null` clears it' }),
  })
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'OrderEdit', minProperties: 1, examples: [examples.orderEdit] });

const reason = freeText(MAX_REASON_LENGTH).optional().meta({ description: 'In your own words; kept on the timeline' });

export const statusChange = z
  .strictObject({
    status: z
      .enum(['waiting', 'preparation', 'ready', 'delivered'], {
        error: ({ input }) =>
          input === 'cancelled' ? 'use POST /v1/orders/{id}/cancel to cancel an order' : undefined,
      })
      .meta({ id: 'TargetStatus' }),
    reason,
  })
  .meta({ id: 'StatusChange', examples: [{ status: 'preparation' }] });

export const cancellation = z.strictObject({ reasonCode: cancellationReason.optional(), reason }).meta({
  id: 'Cancellation',
  examples: [{ reasonCode: 'customer_request', reason: 'My train comes early.' }],
});

export const listQuery = z.strictObject({
  status: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(status).optional())
    .meta({
      description: 'Repeat it for several',
    }),
  number: digits(1, 999).optional(),
  customerId: id.optional().meta({ description: 'Not for customers' }),
  placedFrom: instant.optional().meta({ description: 'Inclusive' }),
  placedTo: instant.optional().meta({ description: 'Exclusive' }),
  sort: z.enum(['-placedAt', 'placedAt']).meta({ id: 'OrderSort' }).default('-placedAt'),
  limit: limitParameter,
  cursor: cursorParameter(z.tuple([z.iso.datetime(), z.uuid()])),
});

const quantityChange = z
  .object({ id, product: z.string(), variation: z.string().nullable(), from: z.int(), to: z.int() })
  .meta({ id: 'QuantityChange' });
const locationChange = z.object({ from: location, to: location }).meta({ id: 'LocationChange' });
const noteChange = z.object({ from: z.string().nullable(), to: z.string().nullable() }).meta({ id: 'NoteChange' });

const changes = z
  .object({
    added: z.array(line),
    removed: z.array(line),
    quantities: z.array(quantityChange),
    location: locationChange.nullable(),
    note: noteChange.nullable(),
  })
  .meta({ id: 'OrderChanges' });

const outcome = z
  .enum(['retrying', 'sent', 'refused', 'suppressed', 'given_up', 'bounced', 'complained'])
  .meta({ id: 'DeliveryOutcome' });
const attemptOutcome = z.enum([...outcome.options, 'unanswered']).meta({
  id: 'DeliveryAttemptOutcome',
  description: '`unanswered`: the mail server has the whole message, and did not say whether it accepts it',
});

const deliveryAttempt = z
  .object({ at: timestamp, outcome: attemptOutcome, reason: z.string().nullable() })
  .meta({ id: 'DeliveryAttempt' });

const timelineEntry = z
  .object({
    at: timestamp,
    kind: z.enum(['event', 'rejected', 'alert', 'delivery']).meta({
      id: 'TimelineEntryKind',
      description:
        '`event`: the order changed; `rejected`: a requested change was not allowed; `alert`: the order takes too ' +
        'long; `delivery`: a message about the order was sent, or sending failed',
    }),
    type: z.string().meta({ description: 'Such as `order.placed` or `delivery.sent`' }),
    version: z.int().nullable().meta({ description: 'Of the order, or of the event that was delivered' }),
    actor: actor.nullable(),
    from: status.nullable(),
    to: z.string().nullable().meta({ description: 'The status it got, or was to get' }),
    reason: z.string().nullable(),
    channel: z.string().nullable().meta({ description: 'Of a delivery: `email` or `redis`' }),
    recipient: z.string().nullable().meta({ description: 'Of a delivery: a role, never an address' }),
    attempt: z.int().nullable().meta({ description: 'Of a delivery: how often it was tried' }),
    outcome: outcome.nullable().meta({ description: 'Of a delivery: how it stands' }),
    deliveryId: id.nullable().meta({ description: 'Of a delivery, for managers: the id to resend an email with' }),
    attempts: z
      .array(deliveryAttempt)
      .nullable()
      .meta({ description: 'Of a delivery: its attempts and their outcomes, oldest first' }),
    changes: changes.nullable().meta({ description: 'What an edit made different' }),
  })
  .meta({ id: 'TimelineEntry' });

export const timeline = z.object({ data: z.array(timelineEntry) }).meta({
  id: 'Timeline',
  description: 'Everything that happened to an order, oldest first',
  examples: [examples.orderTimeline],
});
