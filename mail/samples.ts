import type { Actor } from '../domain/actor.ts';
import { samplePrice, sum, times } from '../domain/money.ts';
import type { Cancellation, Line, Order } from '../domain/order/order.ts';
import type { Status } from '../domain/order/transitions.ts';
import { type AccountEmailInput, renderAccountEmail } from './templates/account-email.ts';
import { type OrderEmailInput, type RenderedEmail, renderOrderEmail } from './templates/order-email.ts';
import { renderWebhookEmail, type WebhookEmailInput } from './templates/webhook-email.ts';

/** An email with sample data. */
export interface Sample {
  /** Unique, in kebab-case. */
  name: string;
  input: OrderEmailInput;
}

/** The default shop of the samples. */
const shopName = 'Crema';
const timeZone = 'UTC';

const ana: Actor = { type: 'customer', id: 'f3c1a6de-52f5-4b43-8f8e-6f0f2a3f1c01' };
const marco: Actor = { type: 'manager', id: 'a0f3b8f1-1d9c-4d0e-9c57-0b6f54a1c902' };

const lines: Line[] = [
  line(1, 'Latte', 'Pumpkin Spice', 2, 450),
  line(2, 'Espresso', 'Double Shot', 1, 350),
  line(3, 'Tea', null, 1, 300),
  line(4, 'Donuts', 'Boston Cream', 3, 250),
];

const order: Order = {
  id: '5b0f9d5e-9a35-4c8e-8a51-2f6f6f0f6c42',
  number: 42,
  status: 'waiting',
  version: 1,
  customer: { id: ana.id },
  location: 'take_away',
  note: 'Oat milk in one of the lattes, please.\nAnd a smile on the lid!',
  lines,
  total: totalOf(lines),
  flags: [],
  cancellation: null,
  placedAt: '2026-03-05T14:05:00Z',
  updatedAt: '2026-03-05T14:05:00Z',
};

const fewer = [line(1, 'Latte', 'Pumpkin Spice', 1, 450), line(3, 'Tea', null, 1, 300)];

/** Returns all emails about orders. */
export const samples: readonly Sample[] = [
  { name: 'customer-placed', input: placed('customer') },
  { name: 'customer-edited', input: edited() },
  { name: 'customer-preparation', input: moved('waiting', 'preparation') },
  {
    name: 'customer-waiting',
    input: moved('preparation', 'waiting', 'The grinder needs five minutes. Your cup is next!'),
  },
  { name: 'customer-ready', input: moved('preparation', 'ready') },
  { name: 'customer-uncollected', input: reminded('customer', 'order.uncollected', 'ready') },
  { name: 'customer-delivered', input: moved('ready', 'delivered') },
  {
    name: 'customer-cancelled-by-customer',
    input: cancelled('customer', ana, 'customer_request', 'My train is early.'),
  },
  {
    name: 'customer-cancelled-by-shop',
    input: cancelled('customer', marco, 'out_of_stock', 'The last donut just left. We’re so sorry!'),
  },
  { name: 'shop-placed', input: placed('shop') },
  { name: 'shop-delayed', input: reminded('shop', 'order.delayed', 'waiting') },
  { name: 'shop-cancelled', input: cancelled('shop', ana, 'customer_request', 'My train is early.') },
];

/** Returns all emails about accounts. */
export const accountSamples: readonly { name: string; input: AccountEmailInput }[] = [
  { name: 'account-registration', input: { kind: 'registration', name: '', link: linkTo('verify'), shopName } },
  { name: 'account-known', input: { kind: 'known', name: 'Ana Souza', link: linkTo('forgot'), shopName } },
  { name: 'account-invitation', input: { kind: 'invitation', name: 'Marco', link: linkTo('password'), shopName } },
  { name: 'account-reset', input: { kind: 'reset', name: 'Ana Souza', link: linkTo('password'), shopName } },
  { name: 'account-address', input: { kind: 'address', name: 'Ana Souza', link: linkTo('verify'), shopName } },
  {
    name: 'account-address-asked',
    input: { kind: 'address_asked', name: 'Ana Souza', link: linkTo('forgot'), shopName },
  },
  {
    name: 'account-password-changed',
    input: { kind: 'password_changed', name: 'Ana Souza', link: linkTo('forgot'), shopName },
  },
];

/** Returns the email about a disabled webhook. */
export const webhook: WebhookEmailInput = {
  id: '2f4c7f0e-6a0b-4f8e-9d3c-1b5a7e9c0d21',
  description: 'Loyalty points',
  host: 'points.example',
  failingSince: '2026-03-01T08:00:00Z',
  shopName,
  timeZone,
};

/** The settings of a shop that appear in its emails. */
export interface Writer {
  /** ISO 639. */
  language: string;
  shopName: string;
  /** IANA. */
  timeZone: string;
  /** ISO 4217. */
  currency: string;
}

/** Returns all emails with sample data, in one language. */
export const emails: readonly { name: string; write: (writer: Writer) => RenderedEmail }[] = [
  ...samples.map(({ name, input }) => ({
    name,
    write: (writer: Writer) => renderOrderEmail({ ...input, ...writer, fact: inCurrency(input.fact, writer.currency) }),
  })),
  ...accountSamples.map(({ name, input }) => ({
    name,
    write: (writer: Writer) => renderAccountEmail({ ...input, ...writer }),
  })),
  { name: 'webhook-disabled', write: (writer) => renderWebhookEmail({ ...webhook, ...writer }) },
];

function linkTo(page: string): string {
  return `https://crema.example/account/${page}?token=Yx1Yc0n2zq3oXg8mB1Qe9uJ6kP4sW7tA5vL0dF2hR8c`;
}

/** Returns the fields of the recipient. Customers get a link to their email preferences. */
function readBy(recipient: 'customer' | 'shop') {
  const choice = recipient === 'customer' && { choicePage: linkTo('emails') };
  return { recipient, customerName: 'Ana Souza', ...choice, shopName, timeZone };
}

function placed(recipient: 'customer' | 'shop'): OrderEmailInput {
  const event = { type: 'order.placed', from: null, actor: ana, reason: null } as const;
  return { fact: { event, order }, ...readBy(recipient) };
}

function edited(): OrderEmailInput {
  const event = { type: 'order.edited', from: 'waiting', actor: ana, reason: null } as const;
  const now: Order = { ...order, version: 2, location: 'in_house', lines: fewer, total: totalOf(fewer), note: null };
  return { fact: { event, order: now }, ...readBy('customer') };
}

function moved(from: Status, status: Status, reason: string | null = null): OrderEmailInput {
  const event = { type: 'order.status_changed', from, actor: marco, reason } as const;
  return { fact: { event, order: { ...order, version: 2, status } }, ...readBy('customer') };
}

function reminded(
  recipient: 'customer' | 'shop',
  type: 'order.delayed' | 'order.uncollected',
  status: Status,
): OrderEmailInput {
  const event = { type, from: status, actor: { type: 'system', id: 'crema' }, reason: null } as const;
  return { fact: { event, order: { ...order, status } }, ...readBy(recipient) };
}

function cancelled(
  recipient: 'customer' | 'shop',
  by: Actor,
  reasonCode: NonNullable<Cancellation['reasonCode']>,
  reason: string,
): OrderEmailInput {
  const event = { type: 'order.cancelled', from: 'preparation', actor: by, reason } as const;
  const cancellation = { reasonCode, reason, by, at: '2026-03-05T14:09:00Z' };
  const now: Order = { ...order, version: 3, status: 'cancelled', cancellation };
  return { fact: { event, order: now }, ...readBy(recipient) };
}

/** Returns the event with another currency. */
function inCurrency({ event, order }: OrderEmailInput['fact'], currency: string): OrderEmailInput['fact'] {
  const lines = order.lines.map((line) => {
    const unitPrice = samplePrice(line.unitPrice.amount, currency);
    return { ...line, unitPrice, total: times(unitPrice, line.quantity) };
  });
  return { event, order: { ...order, lines, total: totalOf(lines, currency) } };
}

function line(position: number, product: string, variation: string | null, quantity: number, amount: number): Line {
  const unitPrice = { amount, currency: 'USD' };
  const id = `00000000-0000-4000-8000-00000000000${position}`;
  const variationId = variation && id;
  return { id, productId: id, variationId, product, variation, quantity, unitPrice, total: times(unitPrice, quantity) };
}

function totalOf(some: readonly Line[], currency = 'USD') {
  return sum(
    some.map(({ total }) => total),
    currency,
  );
}
