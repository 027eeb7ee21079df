import { z } from 'zod';
import { actorTypes } from '../../domain/actor.ts';
import { channels } from '../../domain/order/channel.ts';
import {
  cancellationReasons,
  locations,
  MAX_CUSTOMER_NAME_LENGTH,
  MAX_LINE_NOTE_LENGTH,
  MAX_LINES,
  MAX_NOTE_LENGTH,
  MAX_OPTION_QUANTITY,
  MAX_OPTIONS,
  MAX_QUANTITY,
  MAX_REASON_LENGTH,
} from '../../domain/order/order.ts';
import { statuses } from '../../domain/order/transitions.ts';
import * as examples from '../docs/examples.ts';
import { cursorParameter, limitParameter, nextCursor } from '../http/paging.ts';
import { changeOf, digits, freeText, id, instant, money, oneLine, timestamp } from '../http/schemas.ts';

export const status = z.enum(statuses).meta({
  id: 'OrderStatus',
  description: '`waiting` → `preparation` → `ready` → `delivered`. `delivered` and `cancelled` are final',
});

export const actor = z
  .object({
    type: z.enum(actorTypes).meta({
      id: 'ActorType',
      description: '`operator`: a person who uses Temporal’s tools. `system`: Crema itself',
    }),
    id: z.string().nullable().meta({ description: 'null if the actor has no id. Customers see only their own id' }),
  })
  .meta({ id: 'Actor', description: 'The person or program that made a change' });

const lineOption = z
  .object({
    id: id.meta({ description: 'The id of the option in the catalog' }),
    group: z.string().meta({ description: 'The name of the option group when the line was ordered' }),
    name: z.string().meta({ description: 'The name of the option when the line was ordered' }),
    quantity: z.int().meta({ description: 'For each unit of the line' }),
    unitPrice: money,
  })
  .meta({ id: 'OrderLineOption' });

const line = z
  .object({
    id,
    productId: id,
    variationId: id.nullable(),
    product: z.string().meta({ description: 'The name of the product when the line was ordered' }),
    variation: z.string().nullable().meta({ description: 'The name of the variation when the line was ordered' }),
    quantity: z.int(),
    options: z.array(lineOption),
    note: z.string().nullable(),
    unitPrice: money.meta({
      description: 'The price when the line was ordered, including the variation and the options',
    }),
    total: money,
  })
  .meta({ id: 'OrderLine' });

const location = z.enum(locations).meta({ id: 'Location' });
const channel = z.enum(channels).meta({
  id: 'Channel',
  description:
    '`online`: a customer placed the order. `counter`: staff or a service placed the order for a customer without an account',
});
const cancellationReason = z.enum(cancellationReasons).meta({ id: 'CancellationReason' });

const customer = z
  .object({
    id: id.nullable().meta({ description: 'null for an order of the channel `counter`' }),
    name: z
      .string()
      .nullable()
      .meta({
        description:
          'The name of the customer. null after the account was erased. For a counter order: the `customerName`, or null. ' +
          'It is deleted 30 days after the order ended, by default',
      }),
  })
  .meta({ id: 'OrderCustomer' });

const orderCancellation = z
  .object({ reasonCode: cancellationReason.nullable(), reason: z.string().nullable(), by: actor, at: timestamp })
  .meta({ id: 'OrderCancellation' });

export const order = z
  .object({
    id,
    number: z.int().meta({
      description: 'A short number for the counter, 1 to 999. Not unique. Some numbers are skipped',
    }),
    status,
    version: z
      .int()
      .meta({ description: 'Starts at 1 and increases by 1 with every change. The `ETag` header contains it' }),
    customer,
    channel,
    placedBy: actor,
    location,
    note: z.string().nullable(),
    lines: z.array(line),
    total: money,
    flags: z.array(z.string()).meta({ description: 'The alerts raised so far' }),
    cancellation: orderCancellation.nullable().meta({ description: 'null unless the order is cancelled' }),
    allowedTransitions: z.array(status).meta({ description: 'The statuses that you may set next' }),
    placedAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Order', examples: [examples.placedOrder] });
export type OrderResource = z.output<typeof order>;

export const orderList = z
  .object({ data: z.array(order), nextCursor })
  .meta({ id: 'OrderList', examples: [{ data: [examples.placedOrder], nextCursor: null }] });

const orderOptionRequest = z
  .strictObject({
    optionId: id.meta({ description: 'The id of an option of one of the product’s option groups' }),
    quantity: z.int().min(1).max(MAX_OPTION_QUANTITY).default(1).meta({ description: 'For each unit of the line' }),
  })
  .meta({ id: 'OrderOptionRequest' });

const orderLineRequest = z
  .strictObject({
    productId: id.meta({ description: 'The id of a product in the catalog' }),
    variationId: id
      .optional()
      .meta({ description: 'The id of one of the product’s variations. Optional for every product' }),
    quantity: z.int().min(1).max(MAX_QUANTITY),
    // Neither field has a default, because the fingerprint of a request without them must not change.
    options: z.array(orderOptionRequest).max(MAX_OPTIONS).optional().meta({
      description: 'The catalog lists the product’s option groups, with the numbers of options that a line needs',
    }),
    note: freeText(MAX_LINE_NOTE_LENGTH)
      .optional()
      .meta({ description: 'A note about this line. A note without a visible character counts as absent' }),
  })
  .meta({ id: 'OrderLineRequest' });

const keptLine = z
  .strictObject({
    id: id.meta({ description: 'The id of a line of this order. The line keeps its price, options and note' }),
    quantity: z.int().min(1).max(MAX_QUANTITY),
  })
  .meta({ id: 'KeptOrderLine' });

const editedLine = z.union([keptLine, orderLineRequest]).meta({ id: 'EditedOrderLine' });

const note = freeText(MAX_NOTE_LENGTH).meta({
  description: 'A note for the person who prepares the order. A note without a visible character becomes empty',
});

export const orderRequest = z
  .strictObject({
    lines: z.array(orderLineRequest).min(1).max(MAX_LINES),
    location: location.default('take_away'),
    note: note.optional(),
    customerName: oneLine(MAX_CUSTOMER_NAME_LENGTH)
      .optional()
      .meta({
        description:
          'For baristas, managers and services: the name to call out. One line with at least one visible character; ' +
          'stored in NFC. Customers get a 403',
        examples: ['Ana'],
      }),
    expectedTotal: money
      .optional()
      .meta({ description: 'The total that you expect. The request fails with `price_changed` if it differs' }),
  })
  .meta({ id: 'OrderRequest', examples: [examples.orderRequest] });
export type OrderRequest = z.output<typeof orderRequest>;

export const quote = z
  .object({ lines: z.array(line.omit({ id: true }).meta({ id: 'QuotedLine' })), total: money })
  .meta({ id: 'Quote', examples: [examples.quote] });

export const edit = changeOf({
  lines: z
    .array(editedLine)
    .min(1)
    .max(MAX_LINES)
    .meta({ description: 'All lines of the edited order. Omitted lines are removed' }),
  location,
  note: note.nullable().meta({ description: '`null` removes the note' }),
}).meta({ id: 'OrderEdit', examples: [examples.orderEdit] });
export type OrderEdit = z.output<typeof edit>;

const reason = freeText(MAX_REASON_LENGTH).optional().meta({ description: 'Free text, shown on the timeline' });

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
      description: 'Repeat the parameter for several statuses',
    }),
  number: digits(1, 999).optional(),
  customerId: id.optional().meta({ description: 'Not allowed for customers' }),
  channel: channel.optional(),
  placedFrom: instant.optional().meta({ description: 'Inclusive' }),
  placedTo: instant.optional().meta({ description: 'Exclusive' }),
  sort: z.enum(['-placedAt', 'placedAt', '-updatedAt']).meta({ id: 'OrderSort' }).default('-placedAt'),
  limit: limitParameter,
  cursor: cursorParameter(z.tuple([z.iso.datetime(), z.uuid()]), z.string().max(200)),
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
  description: '`unanswered`: the mail server received the message but did not confirm it',
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
        '`event`: the order changed. `rejected`: a requested change was not allowed. `alert`: the order takes too ' +
        'long. `delivery`: a message about the order was sent, or sending failed',
    }),
    type: z.string().meta({ description: 'For example `order.placed` or `delivery.sent`' }),
    version: z.int().nullable().meta({ description: 'The version of the order, or of the event that was delivered' }),
    actor: actor.nullable(),
    from: status.nullable(),
    to: z.string().nullable().meta({ description: 'The new status, or the requested one if `kind` is `rejected`' }),
    reason: z.string().nullable(),
    channel: z.string().nullable().meta({ description: 'Deliveries only: `email` or `redis`' }),
    recipient: z
      .string()
      .nullable()
      .meta({ description: 'Deliveries only: `customer` or `shop` for emails, `orders` for Redis' }),
    attempt: z.int().nullable().meta({ description: 'Deliveries only: the number of attempts' }),
    outcome: outcome.nullable().meta({ description: 'Deliveries only: the latest outcome' }),
    deliveryId: id.nullable().meta({ description: 'Deliveries only, for managers: the id for resending the email' }),
    attempts: z
      .array(deliveryAttempt)
      .nullable()
      .meta({ description: 'Deliveries only: the attempts, the oldest first' }),
    changes: changes.nullable().meta({ description: 'Edits only: the differences' }),
  })
  .meta({ id: 'TimelineEntry' });

export const timeline = z.object({ data: z.array(timelineEntry) }).meta({
  id: 'Timeline',
  description: 'Everything that happened to an order, the oldest entry first',
  examples: [examples.orderTimeline],
});

export const followLink = z.object({ url: z.url() }).meta({
  id: 'FollowLink',
  description: 'A link to the page that shows the status of one order. The part after `#` is its `followToken`',
  examples: [examples.followLink],
});
