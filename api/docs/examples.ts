import { CATALOG_CHANGED, catalogChanged } from '../../domain/catalog/catalog-changed.ts';
import { testEvent as toTestEvent } from '../../domain/webhook/test-event.ts';
import { DEFAULT_BODY_LIMIT } from '../http/json-body.ts';
import { Problem, type ProblemCode, type ProblemOptions, problems } from '../http/problem.ts';
import { emptyTimelineEntry } from '../http/schemas.ts';

// All examples are about one order: Carlos orders two Vanilla Lattes and a Tea, and Marta prepares them. The ids of people and
// products are those of the seeds.

/** The seeded customer. */
export const customerId = '0c0ffee0-0000-4000-8000-000000000002';
/** The order of all examples. */
export const orderId = '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10';
/** The seeded Latte, its variation Vanilla, and the Tea. */
export const latteId = '0c0ffee0-0000-4000-8000-000000000110';
export const vanillaId = '0c0ffee0-0000-4000-8000-000000000112';
const pumpkinSpiceId = '0c0ffee0-0000-4000-8000-000000000111';
/** The seeded option group Milk and its options Oat and Soy, and the option Extra shot of the group Extras. */
export const milkId = '0c0ffee0-0000-4000-8000-000000000210';
export const oatId = '0c0ffee0-0000-4000-8000-000000000212';
const soyId = '0c0ffee0-0000-4000-8000-000000000213';
export const extraShotId = '0c0ffee0-0000-4000-8000-000000000221';
const teaId = '0c0ffee0-0000-4000-8000-000000000160';

/** The webhook of the kitchen display. */
export const webhookId = '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a77';

const publicUrl = 'http://localhost:5000';
const managerId = '0c0ffee0-0000-4000-8000-000000000001';
const customer = { type: 'customer', id: customerId };
const manager = { type: 'manager', id: managerId };
const usd = (amount: number) => ({ amount, currency: 'USD' });
const at = (time: string) => `2026-11-22T${time}.000Z`;

export const menu = {
  data: [
    {
      id: latteId,
      name: 'Latte',
      description: 'Espresso under a lot of silky milk',
      category: 'Coffee',
      imageUrl: 'https://images.example/latte.jpg',
      allergens: ['milk' as const],
      price: usd(400),
      available: true,
      variations: [
        { id: pumpkinSpiceId, name: 'Pumpkin Spice', price: usd(450), available: false },
        { id: vanillaId, name: 'Vanilla', price: usd(430), available: true },
      ],
      optionGroups: [
        {
          id: milkId,
          name: 'Milk',
          min: 0,
          max: 1,
          options: [
            { id: oatId, name: 'Oat', priceDelta: usd(60), available: true },
            { id: soyId, name: 'Soy', priceDelta: usd(50), available: false },
          ],
        },
      ],
    },
    {
      id: teaId,
      name: 'Tea',
      description: 'A pot of the day’s leaves',
      category: 'Tea',
      imageUrl: null,
      allergens: [],
      price: usd(300),
      available: true,
      variations: [],
      optionGroups: [],
    },
  ],
};

const available = { available: true, availableAgainAt: null };

export const latte = {
  id: latteId,
  name: 'Latte',
  description: 'Espresso under a lot of silky milk',
  category: 'Coffee',
  imageUrl: 'https://images.example/latte.jpg',
  allergens: ['milk' as const],
  basePrice: usd(400),
  available: true,
  availableAgainAt: null,
  position: 1,
  variations: [{ id: vanillaId, name: 'Vanilla', priceDelta: usd(30), ...available, position: 2, deletedAt: null }],
  optionGroups: [{ id: milkId, max: 2 }],
  version: 3,
  createdAt: at('08:00:00'),
  updatedAt: at('08:30:00'),
  deletedAt: null,
};

export const milk = {
  id: milkId,
  name: 'Milk',
  min: 0,
  max: 1,
  position: 1,
  options: [
    { id: oatId, name: 'Oat', priceDelta: usd(60), ...available, position: 2, deletedAt: null },
    {
      id: soyId,
      name: 'Soy',
      priceDelta: usd(50),
      available: false,
      availableAgainAt: at('14:00:00'),
      position: 3,
      deletedAt: null,
    },
  ],
  version: 4,
  createdAt: at('08:00:00'),
  updatedAt: at('08:45:00'),
  deletedAt: null,
};

export const orderRequest = {
  lines: [
    {
      productId: latteId,
      variationId: vanillaId,
      quantity: 2,
      options: [{ optionId: oatId }, { optionId: extraShotId, quantity: 2 }],
      note: 'Not too much foam',
    },
    { productId: teaId, quantity: 1 },
  ],
  location: 'in_house',
  note: 'Extra hot, please',
};

export const placedOrder = {
  id: orderId,
  number: 42,
  status: 'waiting',
  version: 1,
  customer: { id: customerId, name: 'Carlos Customer' },
  channel: 'online',
  placedBy: customer,
  location: 'in_house',
  note: 'Extra hot, please',
  lines: [
    {
      id: '5f0c8d3e-1b7a-4e52-9c46-7a1d2e3f4b50',
      productId: latteId,
      variationId: vanillaId,
      product: 'Latte',
      variation: 'Vanilla',
      quantity: 2,
      options: [
        { id: oatId, group: 'Milk', name: 'Oat', quantity: 1, unitPrice: usd(60) },
        { id: extraShotId, group: 'Extras', name: 'Extra shot', quantity: 2, unitPrice: usd(100) },
      ],
      note: 'Not too much foam',
      unitPrice: usd(690),
      total: usd(1380),
    },
    {
      id: '5f0c8d3e-1b7a-4e52-9c46-7a1d2e3f4b51',
      productId: teaId,
      variationId: null,
      product: 'Tea',
      variation: null,
      quantity: 1,
      options: [],
      note: null,
      unitPrice: usd(300),
      total: usd(300),
    },
  ],
  total: usd(1680),
  flags: [],
  cancellation: null,
  allowedTransitions: ['cancelled'],
  placedAt: at('09:30:00'),
  updatedAt: at('09:30:00'),
};

/** The order after the start of the preparation, as a manager sees it. */
export const movedOrder = {
  ...placedOrder,
  status: 'preparation',
  version: 2,
  allowedTransitions: ['waiting', 'ready', 'cancelled'],
  updatedAt: at('09:31:00'),
};

export const quote = { lines: placedOrder.lines.map(({ id: _, ...line }) => line), total: placedOrder.total };

/** The position in the event log after the start of the preparation. */
export const position = '5b0c8e41a97d-118';

const { allowedTransitions: _, customer: __, ...movedRest } = movedOrder;
export const orderInEvent = { ...movedRest, customer: { id: customerId } };

/** The event of the start of the preparation, as staff see it. */
export const movedEvent = {
  specversion: '1.0',
  type: 'order.status_changed',
  id: `${orderId}:2`,
  source: `${publicUrl}/v1/orders`,
  subject: orderId,
  time: at('09:31:00'),
  datacontenttype: 'application/json',
  data: { order: orderInEvent, from: 'waiting', to: 'preparation', actor: manager, reason: null },
};

export const catalogChangedEvent = catalogChanged('0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8aa0', at('09:30:30'), publicUrl);

/** The test event of the example webhook. */
export const testEvent = toTestEvent('0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a99', webhookId, at('09:30:00'), publicUrl);

const frame = (n: number, type: string, data: unknown) =>
  `id: 5b0c8e41a97d-${n}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
const orderBefore = { ...orderInEvent, status: 'waiting', version: 1, updatedAt: orderInEvent.placedAt };
const move = frame(118, movedEvent.type, movedEvent);
export const orderStream = `${frame(117, 'snapshot', { order: orderBefore })}${move}`;
const change = `event: ${CATALOG_CHANGED}\ndata: ${JSON.stringify(catalogChangedEvent)}\n\n`;
export const shopStream = `${frame(117, 'snapshot', { orders: [orderBefore] })}${move}${change}`;

export const followLink = {
  url: `${publicUrl}/orders/${orderId}/follow#3q2lZ0vXw5N8yJpTgB7RfKcUe1hMsD4aLoVbQi9xEtk`,
};

export const streamTicket = {
  ticket: 'eyJhbGciOiJFUzI1NiJ9.eyJvcmRlcl9pZCI6IjAxOTMifQ.c2lnbmF0dXJl',
  expiresAt: at('09:31:00'),
};

/** An edit that replaces one Latte by a Pumpkin Spice Latte. */
export const orderEdit = {
  lines: [
    { id: '5f0c8d3e-1b7a-4e52-9c46-7a1d2e3f4b50', quantity: 1 },
    { id: '5f0c8d3e-1b7a-4e52-9c46-7a1d2e3f4b51', quantity: 1 },
    { productId: latteId, variationId: pumpkinSpiceId, quantity: 1 },
  ],
  note: null,
};

export const editedOrder = {
  ...placedOrder,
  version: 2,
  note: null,
  lines: [
    ...placedOrder.lines.map((line) => ({ ...line, quantity: 1, total: line.unitPrice })),
    {
      id: '5f0c8d3e-1b7a-4e52-9c46-7a1d2e3f4b52',
      productId: latteId,
      variationId: pumpkinSpiceId,
      product: 'Latte',
      variation: 'Pumpkin Spice',
      quantity: 1,
      options: [],
      note: null,
      unitPrice: usd(450),
      total: usd(450),
    },
  ],
  total: usd(1440),
  updatedAt: at('09:30:30'),
};

export const cancelledOrder = {
  ...placedOrder,
  status: 'cancelled',
  version: 2,
  cancellation: { reasonCode: 'customer_request', reason: 'My train comes early.', by: customer, at: at('09:32:00') },
  allowedTransitions: [],
  updatedAt: at('09:32:00'),
};

const event = { ...emptyTimelineEntry, kind: 'event' };

/** The timeline as staff see it. Customers do not see the names of staff. */
export const orderTimeline = {
  data: [
    { ...event, at: at('09:30:00'), type: 'order.placed', version: 1, actor: customer, to: 'waiting' },
    {
      ...emptyTimelineEntry,
      at: at('09:30:01'),
      kind: 'delivery',
      type: 'delivery.sent',
      version: 1,
      channel: 'email',
      recipient: 'customer',
      attempt: 1,
      outcome: 'sent' as const,
      deliveryId: '5f0c9a52-8f0e-4b53-9a37-6a1f7c0d2e11',
      attempts: [{ at: at('09:30:01'), outcome: 'sent' as const, reason: null }],
    },
    {
      ...event,
      at: at('09:31:00'),
      type: 'order.status_changed',
      version: 2,
      actor: manager,
      from: 'waiting',
      to: 'preparation',
    },
  ],
};

/** The details of problems whose default text is not a useful example. */
const details: Partial<Record<ProblemCode, ProblemOptions>> = {
  invalid_request: {
    detail: 'The request has 2 faults, listed in errors.',
    extra: {
      errors: [
        { pointer: '#/lines/0/quantity', detail: 'must be at least 1' },
        { header: 'if-match', detail: 'must be * or entity tags such as "3"' },
      ],
    },
  },
  unauthenticated: { detail: 'Send an access token: Authorization: Bearer <token>.' },
  forbidden: { detail: 'Only callers of these types may do this: manager.' },
  illegal_transition: {
    detail: 'The status of the order is ready. Allowed next status: delivered.',
    extra: { currentStatus: 'ready', allowedTransitions: ['delivered'], version: 3 },
  },
  product_unavailable: { extra: { errors: [{ pointer: '#/lines/0', detail: 'is not available' }] } },
  options_invalid: {
    extra: {
      errors: [
        { pointer: '#/lines/0/options/1', detail: 'is not available' },
        { pointer: '#/lines/0/options', detail: 'Milk: choose at most 1' },
      ],
    },
  },
  nothing_to_send: { detail: 'The customer no longer has an account.' },
  version_mismatch: { extra: { version: 3 } },
  payload_too_large: { detail: `The body must be at most ${DEFAULT_BODY_LIMIT} bytes.` },
  rate_limited: { detail: 'At most 600 requests in 60 seconds are allowed. Try again in 42 seconds.' },
  too_many_streams: { detail: 'At most 20 streams may be open at once. Close one first.' },
  unavailable: { detail: 'The database cannot be reached. Try again.' },
  outcome_unknown: {
    detail: 'The request may have taken effect. Repeat it with this Idempotency-Key to get its outcome.',
  },
};

/** Returns an example of a problem document, built as the API builds it. */
export function problemExample(code: ProblemCode): { summary: string; value: Record<string, unknown> } {
  const value = new Problem(code, details[code]).toDocument('urn:uuid:8e03978e-40d5-4f3c-a1b2-6d9c7e5f4a31');
  return { summary: problems[code].title, value };
}
