import { z } from 'zod';
import { cancellationReasons, locations } from '../../domain/order/order.ts';
import { MAX_REASON_LENGTH } from '../../domain/order/parse-message.ts';
import { statuses } from '../../domain/order/transitions.ts';
import { freeText, id, money, timestamp } from './values.ts';

const status = z.enum(statuses);

const actor = z
  .object({
    type: z.enum(['customer', 'manager', 'service', 'operator', 'system']),
    id: z.string().nullable().meta({ description: 'Who of them; kept from customers where it is not themselves' }),
  })
  .meta({ id: 'Actor' });

const line = z.object({
  id,
  productId: id,
  variationId: id.nullable(),
  product: z.string(),
  variation: z.string().nullable(),
  quantity: z.int(),
  unitPrice: money,
  total: money,
});

export const order = z
  .object({
    id,
    number: z.int().meta({ description: 'Called out at the counter, 1 to 999; identifies nothing', example: 42 }),
    status,
    version: z.int(),
    customer: z.object({ id, name: z.string().nullable() }),
    location: z.enum(locations),
    note: z.string().nullable(),
    lines: z.array(line),
    total: money,
    flags: z.array(z.string()),
    cancellation: z
      .object({
        reasonCode: z.enum(cancellationReasons).nullable(),
        reason: z.string().nullable(),
        by: actor,
        at: timestamp,
      })
      .nullable(),
    allowedTransitions: z.array(status).meta({ description: 'Where you may move it now' }),
    placedAt: timestamp,
    updatedAt: timestamp,
  })
  .meta({ id: 'Order' });
export type OrderResource = z.output<typeof order>;

export const orderList = z
  .object({ data: z.array(order), nextCursor: z.string().nullable() })
  .meta({ id: 'OrderList' });

export const placement = z
  .strictObject({
    lines: z
      .array(
        z.strictObject({
          productId: id,
          variationId: id.optional(),
          quantity: z.int().min(1).max(99).meta({ example: 2 }),
        }),
      )
      .min(1)
      .max(50),
    location: z.enum(locations).default('take_away'),
    note: freeText(500).optional().meta({ example: 'Extra hot, please' }),
  })
  .meta({ id: 'NewOrder' });

const reason = freeText(MAX_REASON_LENGTH).optional();

export const statusChange = z
  .strictObject({
    status: z.enum(['waiting', 'preparation', 'ready', 'delivered'], {
      error: ({ input }) => (input === 'cancelled' ? 'use POST /v1/orders/{id}/cancel to cancel an order' : undefined),
    }),
    reason,
  })
  .meta({ id: 'StatusChange' });

export const cancellation = z
  .strictObject({ reasonCode: z.enum(cancellationReasons).optional(), reason })
  .meta({ id: 'Cancellation' });

export const listQuery = z.strictObject({
  status: z
    .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(status).optional())
    .meta({
      description: 'Repeat it for several',
    }),
  number: z.coerce.number().int().min(1).max(999).optional(),
  customerId: id.optional().meta({ description: 'Not for customers' }),
  placedFrom: z.iso.datetime({ offset: true }).optional().meta({ description: 'Inclusive' }),
  placedTo: z.iso.datetime({ offset: true }).optional().meta({ description: 'Exclusive' }),
  sort: z.enum(['-placedAt', 'placedAt']).default('-placedAt'),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.string().max(200).optional().meta({ description: 'The `nextCursor` of the page before' }),
});

export const timeline = z
  .object({
    data: z.array(
      z.object({
        at: timestamp,
        kind: z.enum(['event', 'rejected', 'alert', 'delivery']),
        type: z.string(),
        version: z.int().nullable(),
        actor: actor.nullable(),
        from: status.nullable(),
        to: z.string().nullable(),
        reason: z.string().nullable(),
        channel: z.string().nullable(),
        recipient: z.string().nullable(),
        attempt: z.int().nullable(),
        outcome: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'Timeline', description: 'Everything that happened to an order, oldest first' });
