/** `make demo`: a visit to the running shop, over HTTP only, with real tokens. */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { readEnvironment } from '../config/environment.ts';
import { defaultAddress } from '../config/local-services.ts';
import { connectRedis } from '../config/redis-connection.ts';
import { type Money, writeMoney } from '../domain/money.ts';
import { describeLine } from '../domain/order/describe-line.ts';
import { findOpenShop } from './open-shop.ts';
import { readStackSettings } from './settings.ts';
import { StackError, sentenceOf } from './stack-error.ts';
import { waitFor } from './wait.ts';

/** The parts of the API's answers that are shown here. */
interface Catalog {
  data: { id: string; name: string; price: Money; variations: { id: string; name: string; price: Money }[] }[];
}
interface Order {
  id: string;
  number: number;
  status: string;
  total: Money;
  allowedTransitions: string[];
  lines: { product: string; variation: string | null; quantity: number }[];
}
interface Timeline {
  data: Record<
    'at' | 'kind' | 'type' | 'from' | 'to' | 'channel' | 'recipient' | 'outcome',
    string | null | undefined
  >[];
}
interface Email {
  subject: string;
  to: { address: string }[];
  headers: Record<string, unknown>;
}

const mailDeadline = 30_000;
const say = (line = '') => process.stdout.write(`${line}\n`);

try {
  await visit();
} catch (error) {
  const sentence = sentenceOf(error);
  if (!sentence) throw error;
  process.stderr.write(`${sentence}\n`);
  process.exitCode = 1;
}

async function visit() {
  const environment = readEnvironment();
  const settings = readStackSettings(environment);
  const { api, redis, mail } = findOpenShop(settings.DATA_DIR)?.addresses ?? {
    api: `http://127.0.0.1:${environment.PORT || 5000}`,
    redis: environment.REDIS_URL || defaultAddress('REDIS_URL', environment),
    mail: `http://127.0.0.1:${settings.MAIL_PORT}`,
  };
  const shop = connectTo(api);
  await shop.requireOpen();
  const radio = await listen(redis);
  try {
    say(`The shop at ${api}\n\n1. Sign in`);
    const customer = await shop.signIn('customer@example.com');
    const manager = await shop.signIn('manager@example.com');

    say('\n2. The menu');
    const menu = await shop.call<Catalog>('GET', '/v1/catalog');
    for (const product of menu.data) {
      const variations = product.variations.map(({ name, price }) => `${name} ${writeMoney(price)}`).join(', ');
      say(`   ${product.name.padEnd(12)} ${writeMoney(product.price)}${variations && `   ${variations}`}`);
    }
    const latte = menu.data.find(({ name }) => name === 'Latte');
    const vanilla = latte?.variations.find(({ name }) => name === 'Vanilla');
    if (!latte || !vanilla)
      throw new StackError('There is no Vanilla Latte on the menu any more; `make reset` brings it back.');
    const lines = [{ productId: latte.id, variationId: vanilla.id, quantity: 1 }];
    const place = () =>
      shop.call<Order>('POST', '/v1/orders', { token: customer, body: { lines, location: 'take_away' } });

    say('\n3. The customer orders a Vanilla Latte, the manager serves it');
    const order = await place();
    show(order);
    const move = (status: string) =>
      shop.call<Order>('POST', `/v1/orders/${order.id}/status`, { token: manager, body: { status } });
    for (const status of ['preparation', 'ready']) show(await move(status));
    say('\n4. Back to waiting? Not from ready');
    const refusal = await shop.refused('POST', `/v1/orders/${order.id}/status`, {
      token: manager,
      body: { status: 'waiting' },
    });
    say(`   ${refusal}\n`);
    show(await move('delivered'));

    say('\n5. The customer orders another and cancels it');
    const second = await place();
    show(second);
    show(
      await shop.call<Order>('POST', `/v1/orders/${second.id}/cancel`, {
        token: customer,
        body: { reason: 'Changed my mind' },
      }),
    );

    // Placed, three moves; placed, cancelled. The shop hears of orders that are new or cancelled, the customer of all.
    const events = 6;
    const emails = await arrivedEmails(mail, [order.id, second.id], events + 3);
    await waitFor('The last Redis message', () => radio.heard.length >= events, { deadline: mailDeadline });

    say('\n6. The timeline of the first order');
    const timeline = await shop.call<Timeline>('GET', `/v1/orders/${order.id}/timeline`, { token: manager });
    for (const { at, kind, type, from, to, channel, recipient, outcome } of timeline.data) {
      const move = to ? `${from ?? '·'} → ${to}` : '';
      const words = [kind, type, move, channel, recipient, outcome].filter(Boolean).join('  ');
      say(`   ${at?.slice(11, 23)}  ${words}`);
    }

    say('\n7. The emails that arrived');
    if (emails) for (const { to, subject } of emails) say(`   ${(to[0]?.address ?? '').padEnd(22)} ${subject}`);
    else say('   are where SMTP_URL sent them');

    say('\n8. The messages on the Redis channel `orders`');
    for (const message of radio.heard) {
      const { type, id } = JSON.parse(message);
      say(`   ${type.padEnd(21)} ${id}`);
    }
    say();
  } finally {
    radio.close();
  }
}

function connectTo(api: string) {
  interface Options {
    token?: string;
    body?: unknown;
  }
  const send = async (method: string, path: string, { token, body }: Options) => {
    // One key for all tries: a 503 says that it is safe to ask again, and that nothing is done twice.
    const headers = {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json', 'idempotency-key': randomUUID() }),
    };
    const init = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    try {
      for (let tries = 1; ; tries += 1) {
        const answer = await fetch(api + path, { ...init, signal: AbortSignal.timeout(15_000) });
        if (answer.status !== 503 || tries === 5) return answer;
        await delay(1_000 * Number(answer.headers.get('retry-after') ?? 1));
      }
    } catch (error) {
      throw new StackError(`The shop did not answer ${method} ${path}: ${(error as Error).message}.`);
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
      const form = new URLSearchParams({ grant_type: 'password', client_id: 'crema', username, password: 'test' });
      const answer = await fetch(`${api}/oauth/token`, {
        method: 'POST',
        body: form,
        signal: AbortSignal.timeout(15_000),
      });
      const token = (await answer.json()) as { access_token: string; expires_in: number; scope: string };
      if (!answer.ok) throw new StackError(`${username} could not sign in: ${JSON.stringify(token)}`);
      say(`   ${username.padEnd(22)} for ${token.expires_in} s: ${token.scope}`);
      return token.access_token;
    },
    async call<Answer>(method: string, path: string, options: Options = {}): Promise<Answer> {
      const answer = await send(method, path, options);
      if (!answer.ok)
        throw new StackError(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`);
      return (await answer.json()) as Answer;
    },
    /** A call that must be refused as a conflict; returns the refusal in words. */
    async refused(method: string, path: string, options: Options): Promise<string> {
      const answer = await send(method, path, options);
      const text = await answer.text();
      if (answer.status !== 409)
        throw new StackError(`${method} ${path} should be 409, but is ${answer.status}: ${text}`);
      const { code, detail, allowedTransitions } = JSON.parse(text);
      return `409 ${code}: ${detail} (allowed: ${allowedTransitions.join(', ')})`;
    },
  };
}

async function listen(url: string) {
  const heard: string[] = [];
  const redis = connectRedis(url, { lazyConnect: true, maxRetriesPerRequest: 1, retryStrategy: () => null });
  redis.on('message', (_channel, message) => heard.push(message));
  try {
    await redis.connect();
    await redis.subscribe('orders');
  } catch (error) {
    throw new StackError(`Redis does not answer at ${url}: ${(error as Error).message}.`);
  }
  return { heard, close: () => redis.disconnect() };
}

/** The emails about these orders, once that many are there; `undefined` when there is no catcher to ask. */
async function arrivedEmails(
  page: string | undefined,
  orderIds: string[],
  count: number,
): Promise<Email[] | undefined> {
  if (!page) return undefined;
  let emails: Email[] = [];
  await waitFor(
    'The last of the emails',
    async () => {
      const answer = await fetch(`${page}/api/email`, { signal: AbortSignal.timeout(5_000) });
      const all = (await answer.json()) as Email[];
      emails = all.filter(({ headers }) => orderIds.some((id) => String(headers['x-crema-event-id']).startsWith(id)));
      if (emails.length < count) throw new Error(`${emails.length} of ${count} have arrived`);
      return true;
    },
    { deadline: mailDeadline, every: 200 },
  );
  return emails;
}

function show({ number, status, lines, total, allowedTransitions }: Order) {
  const next = allowedTransitions.length > 0 ? `next: ${allowedTransitions.join(' or ')}` : 'final';
  say(`   #${number}  ${lines.map(describeLine).join(', ')}  ${writeMoney(total)}  ${status.padEnd(11)}  ${next}`);
}
