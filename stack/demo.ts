/** `make demo`: takes two orders through a running shop, over HTTP and with real tokens, and shows the results. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readEnvironment } from '../config/environment.ts';
import { defaultAddress } from '../config/local-services.ts';
import { connectRedis } from '../config/redis-connection.ts';
import { runCommand } from '../config/run-command.ts';
import { type Money, writeMoney } from '../domain/money.ts';
import { describeLine } from '../domain/order/describe-line.ts';
import type { LineOption } from '../domain/order/order.ts';
import { findOpenShop } from './open-shop.ts';
import { readStackSettings } from './settings.ts';
import { StackError } from './stack-error.ts';
import { waitFor } from './wait.ts';

/** The parts of the API's responses that the demo shows. */
interface Catalog {
  data: {
    id: string;
    name: string;
    price: Money;
    variations: { id: string; name: string; price: Money }[];
    optionGroups: { name: string; options: { id: string; name: string; priceDelta: Money }[] }[];
  }[];
}
interface Order {
  id: string;
  number: number;
  status: string;
  total: Money;
  allowedTransitions: string[];
  lines: {
    product: string;
    variation: string | null;
    quantity: number;
    options: LineOption[];
    note: string | null;
  }[];
}
interface Timeline {
  data: Record<'at' | 'type' | 'from' | 'to' | 'channel' | 'recipient', string | null | undefined>[];
}
interface Email {
  subject: string;
  to: { address: string }[];
  headers: Record<string, unknown>;
}
type Shop = ReturnType<typeof connectTo>;

/**
 * The first order has four events, the second one two. The customer gets an email for each event, the shop for three of the
 * events.
 */
const EVENTS = 6;
const EMAILS = 9;
const DELIVERY_TIMEOUT_MS = 30_000;
const MAX_ATTEMPTS = 5;
const say = (line = '') => process.stdout.write(`${line}\n`);

await runCommand(async () => {
  const environment = readEnvironment();
  const settings = readStackSettings(environment);
  const { api, redis, mail } = findOpenShop(settings.DATA_DIR)?.addresses ?? {
    api: `http://127.0.0.1:${environment.PORT || 5000}`,
    redis: environment.REDIS_URL || defaultAddress('REDIS_URL', environment),
    mail: `http://127.0.0.1:${settings.MAIL_PORT}`,
  };
  const shop = connectTo(api);
  await shop.requireOpen();
  const subscription = await subscribe(redis);
  try {
    say(`The shop at ${api}\n\n1. Sign in`);
    const customer = await shop.signIn('customer@example.com');
    const manager = await shop.signIn('manager@example.com');
    const order = { lines: [await findVanillaLatte(shop)], location: 'take_away' };
    const served = await serveOrder(shop, order, { customer, manager });
    const cancelled = await cancelOrder(shop, order, customer);

    const emails = mail && (await arrivedEmails(mail, [served, cancelled]));
    await waitFor('The last Redis message', () => subscription.messages.length >= EVENTS, {
      deadline: DELIVERY_TIMEOUT_MS,
    });
    await showTimeline(shop, served, manager);
    say('\n7. Emails that arrived');
    if (emails) for (const { to, subject } of emails) say(`   ${(to[0]?.address ?? '').padEnd(22)} ${subject}`);
    else say('   See the mail server of SMTP_URL');
    say('\n8. Messages on the Redis channel `orders`');
    for (const message of subscription.messages) {
      const { type, id } = JSON.parse(message);
      say(`   ${type.padEnd(21)} ${id}`);
    }
    say();
  } finally {
    subscription.close();
  }
});

/** Shows the menu and returns an order line. */
async function findVanillaLatte(shop: Shop) {
  say('\n2. Read the menu');
  const menu = await shop.call<Catalog>('GET', '/v1/catalog');
  for (const product of menu.data) {
    const variations = product.variations.map(({ name, price }) => `${name} ${writeMoney(price)}`).join(', ');
    say(`   ${product.name.padEnd(12)} ${writeMoney(product.price)}${variations && `   ${variations}`}`);
    for (const { name, options } of product.optionGroups) {
      const choices = options.map(({ name, priceDelta }) => `${name} +${writeMoney(priceDelta)}`).join(', ');
      say(`   ${''.padEnd(20)} ${name}: ${choices}`);
    }
  }
  const latte = menu.data.find(({ name }) => name === 'Latte');
  const vanilla = latte?.variations.find(({ name }) => name === 'Vanilla');
  const options = latte?.optionGroups.flatMap((group) => group.options) ?? [];
  const [oat, extraShot] = ['Oat', 'Extra shot'].map((name) => options.find((option) => option.name === name));
  if (latte && vanilla && oat && extraShot) {
    return {
      productId: latte.id,
      variationId: vanilla.id,
      quantity: 1,
      options: [{ optionId: oat.id }, { optionId: extraShot.id, quantity: 2 }],
      note: 'Extra hot, please',
    };
  }
  throw new StackError(
    'The menu has no Vanilla Latte with oat milk and an extra shot. Stop the shop, run `make reset` (deletes all orders), and start the shop again.',
  );
}

async function serveOrder(shop: Shop, body: object, tokens: { customer: string; manager: string }): Promise<string> {
  say('\n3. Order a Vanilla Latte with options and a note as the customer, and prepare it as the manager');
  const order = await shop.call<Order>('POST', '/v1/orders', { token: tokens.customer, body });
  show(order);
  const path = `/v1/orders/${order.id}/status`;
  const move = (status: string) => shop.call<Order>('POST', path, { token: tokens.manager, body: { status } });
  for (const status of ['preparation', 'ready']) show(await move(status));
  say('\n4. Try to move the order back to waiting, then deliver it');
  say(`   ${await shop.rejected('POST', path, { token: tokens.manager, body: { status: 'waiting' } })}`);
  show(await move('delivered'));
  return order.id;
}

async function cancelOrder(shop: Shop, body: object, token: string): Promise<string> {
  say('\n5. Place a second order and cancel it');
  const order = await shop.call<Order>('POST', '/v1/orders', { token, body });
  show(order);
  const reason = { reason: 'Changed my mind' };
  show(await shop.call<Order>('POST', `/v1/orders/${order.id}/cancel`, { token, body: reason }));
  return order.id;
}

function show({ number, status, lines, total, allowedTransitions }: Order) {
  const next = allowedTransitions.length > 0 ? `next: ${allowedTransitions.join(', ')}` : 'final';
  const items = lines.map((line) => describeLine(line) + (line.note ? ` “${line.note}”` : '')).join(', ');
  say(`   #${number}  ${items}  ${writeMoney(total)}  ${status.padEnd(11)}  ${next}`);
}

async function showTimeline(shop: Shop, orderId: string, token: string) {
  say('\n6. The timeline of the first order');
  const timeline = await shop.call<Timeline>('GET', `/v1/orders/${orderId}/timeline`, { token });
  for (const { at, type, from, to, channel, recipient } of timeline.data) {
    const detail = to ? [from, to].filter(Boolean).join(' → ') : `${channel}: ${recipient}`;
    say(`   ${at?.slice(11, 23)}  ${type?.padEnd(21)} ${detail}`);
  }
}

function connectTo(api: string) {
  interface Options {
    token?: string;
    body?: object;
  }
  const send = async (method: string, path: string, { token, body }: Options) => {
    const isForm = body instanceof URLSearchParams;
    // All attempts have the same key, so that a retry after a 503 does not repeat a change.
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body && !isForm && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
    };
    const init = { method, headers, ...(body && { body: isForm ? body : JSON.stringify(body) }) };
    try {
      for (let attempt = 1; ; attempt += 1) {
        const response = await fetch(api + path, { ...init, signal: AbortSignal.timeout(15_000) });
        if (response.status !== 503 || attempt === MAX_ATTEMPTS) return response;
        await delay(1_000 * Number(response.headers.get('retry-after') ?? 1));
      }
    } catch (error) {
      throw new StackError(`${method} ${path} got no response: ${(error as Error).message}.`);
    }
  };
  return {
    async requireOpen() {
      const open = await fetch(`${api}/health/live`, { signal: AbortSignal.timeout(5_000) }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (!open) throw new StackError(`No shop is open at ${api}: open one with \`make run\` in another terminal.`);
    },
    async signIn(username: string): Promise<string> {
      const form = { grant_type: 'password', client_id: 'crema', username, password: 'test' };
      const response = await send('POST', '/oauth/token', { body: new URLSearchParams(form) });
      const token = (await response.json()) as { access_token: string; expires_in: number; scope: string };
      if (!response.ok) throw new StackError(`${username} could not sign in: ${JSON.stringify(token)}`);
      say(`   ${username.padEnd(22)} token valid for ${token.expires_in} s, scopes ${token.scope}`);
      return token.access_token;
    },
    async call<Body>(method: string, path: string, options: Options = {}): Promise<Body> {
      const response = await send(method, path, options);
      if (!response.ok) throw new StackError(`${method} ${path} returned ${response.status}: ${await response.text()}`);
      return (await response.json()) as Body;
    },
    /** Sends a request that must fail with 409. Returns the problem as text. */
    async rejected(method: string, path: string, options: Options): Promise<string> {
      const response = await send(method, path, options);
      const text = await response.text();
      if (response.status !== 409) {
        throw new StackError(`${method} ${path} returned ${response.status} instead of 409: ${text}`);
      }
      const { code, detail } = JSON.parse(text);
      return `409 ${code}: ${detail}`;
    },
  };
}

/** Subscribes to the Redis channel `orders` and collects its messages. */
async function subscribe(url: string) {
  const messages: string[] = [];
  const redis = connectRedis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on('message', (_channel, message) => messages.push(message));
  try {
    await redis.connect();
    await redis.subscribe('orders');
  } catch (error) {
    throw new StackError(`Redis cannot be reached at ${url}: ${(error as Error).message}.`);
  }
  return { messages, close: () => redis.disconnect() };
}

/** Waits until all emails about these orders have arrived, and returns them. */
async function arrivedEmails(page: string, orderIds: string[]): Promise<Email[]> {
  let emails: Email[] = [];
  await waitFor(
    'The last email',
    async () => {
      const response = await fetch(`${page}/api/email`, { signal: AbortSignal.timeout(5_000) });
      const all = (await response.json()) as Email[];
      emails = all.filter(({ headers }) => orderIds.some((id) => String(headers['x-crema-event-id']).startsWith(id)));
      if (emails.length < EMAILS) throw new Error(`${emails.length} of ${EMAILS} have arrived`);
      return true;
    },
    { deadline: DELIVERY_TIMEOUT_MS, every: 200 },
  );
  return emails;
}
