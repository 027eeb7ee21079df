import type { Actor } from '../domain/actor.ts';
import { samplePrice, times } from '../domain/money.ts';
import type { Cancellation, Line, LineOption, Order } from '../domain/order/order.ts';
import { totalOf } from '../domain/order/pricing.ts';
import type { Recipient } from '../domain/order/recipients.ts';
import { type AccountEmailInput, renderAccountEmail } from './templates/account-email.ts';
import type { RenderedEmail } from './templates/layout.ts';
import { type OrderEmailInput, renderOrderEmail } from './templates/order-email.ts';
import { renderWebhookEmail, type WebhookEmailInput } from './templates/webhook-email.ts';

/** The default shop of the samples. */
const shopName = 'Crema';
const timeZone = 'UTC';

const SITE = 'https://crema.example';
const TOKEN = 'Yx1Yc0n2zq3oXg8mB1Qe9uJ6kP4sW7tA5vL0dF2hR8c';

const ana: Actor = { type: 'customer', id: 'f3c1a6de-52f5-4b43-8f8e-6f0f2a3f1c01' };
const marco: Actor = { type: 'barista', id: 'a0f3b8f1-1d9c-4d0e-9c57-0b6f54a1c902' };
const system: Actor = { type: 'system', id: 'crema' };

const tea = {
  ...line(3, 'Tea', null, 1, 300),
  options: [option(1, 'Lemon', 1), option(2, 'Sugar', 2)],
  note: 'Leave the leaves in, please.',
};

const lines: Line[] = [
  line(1, 'Latte', 'Pumpkin Spice', 2, 450),
  line(2, 'Espresso', 'Double Shot', 1, 350),
  tea,
  line(4, 'Donuts', 'Boston Cream', 3, 250),
];

const fewer = [line(1, 'Latte', 'Pumpkin Spice', 1, 450), tea];

const order: Order = {
  id: '5b0f9d5e-9a35-4c8e-8a51-2f6f6f0f6c42',
  number: 42,
  status: 'waiting',
  version: 1,
  customer: { id: ana.id },
  location: 'take_away',
  note: 'Oat milk in one of the lattes, please.\nAnd a smile on the lid!',
  lines,
  total: totalOf(lines, 'USD'),
  flags: [],
  cancellation: null,
  placedAt: '2026-03-05T14:05:00Z',
  updatedAt: '2026-03-05T14:05:00Z',
};

const edit = { location: 'in_house', lines: fewer, total: totalOf(fewer, 'USD'), note: null } as const;
const pause = 'The grinder needs five minutes. Your cup is next!';
const byAna = cancelled(ana, 'customer_request', 'My train is early.');
const byMarco = cancelled(marco, 'out_of_stock', 'The last donut just left. We’re so sorry!');

/** The emails about orders, by name. */
export const samples: readonly { name: string; input: OrderEmailInput }[] = [
  about('customer-placed', { type: 'order.placed' }),
  about('customer-edited', { type: 'order.edited', from: 'waiting' }, edit),
  about('customer-preparation', moved('waiting'), { status: 'preparation' }),
  about('customer-waiting', { ...moved('preparation'), reason: pause }),
  about('customer-ready', moved('preparation'), { status: 'ready' }),
  about('customer-uncollected', { type: 'order.uncollected', from: 'ready', actor: system }, { status: 'ready' }),
  about('customer-delivered', moved('ready'), { status: 'delivered' }),
  about('customer-cancelled-by-customer', ...byAna),
  about('customer-cancelled-by-shop', ...byMarco),
  about('shop-placed', { type: 'order.placed' }),
  about('shop-placed-counter', { type: 'order.placed', actor: marco }, { customer: { id: null }, placedBy: marco }),
  about('shop-delayed', { type: 'order.delayed', from: 'waiting', actor: system }),
  about('shop-cancelled', ...byAna),
];

/** The emails about accounts, by name. */
export const accountSamples = [
  accountSample('registration', 'verify', ''),
  accountSample('known', 'forgot'),
  accountSample('invitation', 'password', 'Marco'),
  accountSample('reset', 'password'),
  accountSample('address', 'verify'),
  accountSample('address_asked', 'forgot'),
  accountSample('password_changed', 'forgot'),
];

/** The email about a disabled webhook. */
export const webhook: WebhookEmailInput = {
  id: '2f4c7f0e-6a0b-4f8e-9d3c-1b5a7e9c0d21',
  description: 'Loyalty points',
  host: 'points.example',
  failingSince: '2026-03-01T08:00:00Z',
  shopName,
  timeZone,
};

/** The settings of a shop that appear in its emails. */
export interface SampleSettings {
  /** ISO 639. */
  language: string;
  shopName: string;
  /** IANA. */
  timeZone: string;
  /** ISO 4217. */
  currency: string;
}

/** All emails with sample data. */
export const emails: readonly { name: string; render: (settings: SampleSettings) => RenderedEmail }[] = [
  ...samples.map(({ name, input }) => ({
    name,
    render: (settings: SampleSettings) =>
      renderOrderEmail({ ...input, ...settings, fact: inCurrency(input.fact, settings.currency) }),
  })),
  ...accountSamples.map(({ name, input }) => ({
    name,
    render: (settings: SampleSettings) => renderAccountEmail({ ...input, ...settings }),
  })),
  { name: 'webhook-disabled', render: (settings) => renderWebhookEmail({ ...webhook, ...settings }) },
];

function linkTo(page: string): string {
  return `${SITE}/account/${page}?token=${TOKEN}`;
}

type Event = OrderEmailInput['fact']['event'];

/** Returns a sample. @param name begins with the recipient; only customers get a link to their email preferences */
function about(
  name: `${Recipient}-${string}`,
  event: Partial<Event> & Pick<Event, 'type'>,
  changes: Partial<Order> = {},
) {
  const recipient: Recipient = name.startsWith('customer') ? 'customer' : 'shop';
  const fact = { event: { from: null, actor: ana, reason: null, ...event }, order: { ...order, ...changes } };
  const links =
    recipient === 'customer'
      ? { link: `${SITE}/orders/${order.id}/follow#${TOKEN}`, choicePage: linkTo('emails') }
      : { link: `${SITE}/board#${order.id}` };
  return { name, input: { fact, recipient, customerName: 'Ana Souza', ...links, shopName, timeZone } };
}

function moved(from: Order['status']) {
  return { type: 'order.status_changed', from, actor: marco } as const;
}

/** Returns the event of a cancellation, and the fields of the order that the cancellation changes. */
function cancelled(by: Actor, reasonCode: Cancellation['reasonCode'], reason: string) {
  const cancellation = { reasonCode, reason, by, at: '2026-03-05T14:09:00Z' };
  return [
    { type: 'order.cancelled', from: 'preparation', actor: by, reason },
    { status: 'cancelled', cancellation },
  ] as const;
}

function accountSample(kind: AccountEmailInput['kind'], page: string, name = 'Ana Souza') {
  return { name: `account-${kind.replace('_', '-')}`, input: { kind, name, link: linkTo(page), shopName } };
}

/** Returns the event and its order with prices in another currency. */
function inCurrency({ event, order }: OrderEmailInput['fact'], currency: string): OrderEmailInput['fact'] {
  const lines = order.lines.map((line) => {
    const unitPrice = samplePrice(line.unitPrice.amount, currency);
    const options = line.options?.map((option) => ({
      ...option,
      unitPrice: samplePrice(option.unitPrice.amount, currency),
    }));
    return { ...line, ...(options && { options }), unitPrice, total: times(unitPrice, line.quantity) };
  });
  return { event, order: { ...order, lines, total: totalOf(lines, currency) } };
}

function line(position: number, product: string, variation: string | null, quantity: number, amount: number): Line {
  const unitPrice = { amount, currency: 'USD' };
  const id = `00000000-0000-4000-8000-00000000000${position}`;
  const variationId = variation && id;
  return { id, productId: id, variationId, product, variation, quantity, unitPrice, total: times(unitPrice, quantity) };
}

function option(position: number, name: string, quantity: number): LineOption {
  const id = `00000000-0000-4000-8000-00000000001${position}`;
  return { id, group: 'Extras', name, quantity, unitPrice: { amount: 0, currency: 'USD' } };
}
