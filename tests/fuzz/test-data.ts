import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/password-hash.ts';
import { createAccountRequestRepository } from '../../db/account-requests.ts';
import type { Database } from '../../db/connection.ts';
import { createEmailSuppressions } from '../../db/email-suppressions.ts';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import { lifetimes } from '../../domain/account/link.ts';
import type { Role as UserRole } from '../../domain/actor.ts';
import { serviceScopes } from '../../domain/scopes.ts';
import { waitFor } from '../../stack/wait.ts';
import { signIn } from '../sign-in.ts';
import { GROUP_IN_USE, type Ids, successfulRequests } from './successful-requests.ts';

/** The kinds of callers. */
export const roles = ['anonymous', 'customer', 'service', 'barista', 'manager'] as const;
export type Role = (typeof roles)[number];

/** A caller's token, and the ids and values that a shop accepts. hooks.py reads them. */
export interface TestData {
  /** undefined for an anonymous caller. */
  token: string | undefined;
  /** The id of the caller, and of another user. */
  self: string;
  other: string;
  ids: Record<
    'orders' | 'products' | 'variations' | 'optionGroups' | 'options' | 'users' | 'webhooks' | 'deliveries',
    string[]
  >;
  /** Values by format, for formats that no schema can describe. */
  formats: Record<string, string[]>;
  successfulRequests: ReturnType<typeof successfulRequests>;
}

/** Sends a request to the API and returns the body of its answer. */
type Send = <Body = { id: string }>(method: string, path: string, body?: unknown) => Promise<Body>;

interface User {
  id: string;
  email: string;
}

const PASSWORD = 'seven violins in the rain';

/** The number of links of each kind. It is high, because each link is valid once and the fuzzer uses many. */
const LINKS = 40;

/** Creates users, products, orders, webhooks and links, and signs in a new caller of this role. */
export async function createTestData(role: Role, url: string, database: Database): Promise<TestData> {
  const createUser = await createUserFactory(database);
  const [customer, barista, manager] = await Promise.all([
    createUser('customer'),
    createUser('barista'),
    createUser('manager'),
  ]);
  const customerToken = await signIn(url, customer.email, PASSWORD);
  const managerToken = await signIn(url, manager.email, PASSWORD);
  const [asCustomer, asManager] = [createSend(url, customerToken), createSend(url, managerToken)];

  const products = await createProducts(asManager);
  const optionGroups = await createOptionGroups(asManager);
  const optionId = optionGroups[GROUP_IN_USE]?.options[0]?.id;
  const listed = { optionGroups: [{ id: optionGroups[GROUP_IN_USE]?.id }] };
  await asManager('PATCH', `/v1/products/${products[0]?.id}`, listed);
  const lines = products.map(({ id }, index) => ({
    productId: id,
    quantity: 1,
    ...(index === 0 && { options: [{ optionId }], note: 'Hot' }),
  }));
  const orders = await repeat(20, () => asCustomer('POST', '/v1/orders', { lines }));
  const users = await repeat(5, () => createUser('customer'));

  // Webhooks lead to this machine, to a path that the API does not have.
  const webhookUrl = `${url}/nowhere`;
  // Delete the webhooks of earlier calls, because the number of webhooks is limited.
  await database('webhooks').delete();
  const webhooks = await repeat(6, () => asManager('POST', '/v1/webhooks', { url: webhookUrl }));
  const testWebhook = (index: number) => asManager('POST', `/v1/webhooks/${webhooks[index]?.id}/test`);
  const deliveries = await repeat(5, () => testWebhook(0));

  const requests: Ids = {
    orders,
    products,
    optionGroups,
    users,
    webhooks,
    email: await emailTo(database, orders[0]?.id),
    redelivered: await testWebhook(5),
    invitation: await createInvitation(database, manager),
    suppressed: await suppressAddress(database),
  };
  const callers: Record<Role, () => Promise<{ token: string | undefined; self: string }>> = {
    anonymous: async () => ({ token: undefined, self: randomUUID() }),
    customer: async () => ({ token: customerToken, self: customer.id }),
    barista: async () => ({ token: await signIn(url, barista.email, PASSWORD), self: barista.id }),
    manager: async () => ({ token: managerToken, self: manager.id }),
    service: () => signInService(url, database),
  };
  return {
    ...(await callers[role]()),
    other: users[0]?.id as string,
    successfulRequests: successfulRequests(requests, lines),
    ids: {
      orders: idsOf(orders),
      products: idsOf(products),
      variations: idsOf(products.flatMap(({ variations }) => variations)),
      optionGroups: idsOf(optionGroups),
      options: idsOf(optionGroups.flatMap(({ options }) => options)),
      users: idsOf(users),
      webhooks: idsOf(webhooks),
      deliveries: idsOf(deliveries),
    },
    formats: {
      password: ['a lamp under the green ladder', 'nine pears beside my old piano', 'the wind has borrowed our kites'],
      'link-of-Verification': await issueLinks(database, createUser, 'registration'),
      'link-of-PasswordReset': await issueLinks(database, createUser, 'reset'),
      'cursor-of-listOrders': await cursorsOf(asManager, '/v1/orders'),
      'cursor-of-listUsers': await cursorsOf(asManager, '/v1/users'),
      'cursor-of-listWebhooks': await cursorsOf(asManager, '/v1/webhooks'),
      'cursor-of-listWebhookDeliveries': await cursorsOf(asManager, `/v1/webhooks/${webhooks[0]?.id}/deliveries`),
      'url-of-webhook': [webhookUrl, `${webhookUrl}?more`],
    },
  };
}

const repeat = <T>(count: number, create: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, create));

const idsOf = (rows: { id: string }[]): string[] => rows.map(({ id }) => id);

function createSend(url: string, token: string): Send {
  return async <Body>(method: string, path: string, body?: unknown) => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} returned ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Body;
  };
}

async function createUserFactory(database: Database) {
  const password_hash = await hashPassword(PASSWORD);
  return async (role: UserRole): Promise<User> => {
    const id = randomUUID();
    const email = `${id}@example.com`;
    await database('users').insert({ id, email, name: 'Fay Fuzz', password_hash, role });
    return { id, email };
  };
}

async function signInService(url: string, database: Database): Promise<{ token: string; self: string }> {
  const service = await createServiceClientRepository(database).add(`Fuzz ${randomUUID()}`, serviceScopes);
  const { id, secret } = service as { id: string; secret: string };
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
  return { token: ((await answer.json()) as { access_token: string }).access_token, self: id };
}

function createProducts(send: Send) {
  const price = { amount: 420, currency: 'USD' };
  return repeat(5, async () => {
    const { id } = await send('POST', '/v1/products', { name: `Fuzz ${randomUUID()}`, basePrice: price });
    const variation = { name: 'Large', priceDelta: price };
    return send<{ id: string; variations: { id: string }[] }>('POST', `/v1/products/${id}/variations`, variation);
  });
}

function createOptionGroups(send: Send) {
  return repeat(5, async () => {
    const { id } = await send('POST', '/v1/option-groups', { name: `Fuzz ${randomUUID()}` });
    const option = { name: 'Large', priceDelta: { amount: 20, currency: 'USD' } };
    return send<{ id: string; options: { id: string }[] }>('POST', `/v1/option-groups/${id}/options`, option);
  });
}

/** Waits for the email about an order to its customer. */
async function emailTo(database: Database, orderId: string | undefined): Promise<{ id: string }> {
  const find = () =>
    database('deliveries').where({ order_id: orderId, recipient: 'customer', outcome: 'sent' }).first('id');
  await waitFor('The email about the order', async () => (await find()) !== undefined, { deadline: 30_000 });
  return find();
}

async function createInvitation(database: Database, manager: User): Promise<{ id: string }> {
  const id = randomUUID();
  const request = { id, purpose: 'invitation', role: 'customer', invitedBy: manager.id } as const;
  await createAccountRequestRepository(database).open({ ...request, email: `${id}@example.com`, name: 'Nora' });
  return { id };
}

async function suppressAddress(database: Database): Promise<string> {
  const email = `${randomUUID()}@example.com`;
  await createEmailSuppressions(database).add(email, 'complained');
  return email;
}

function issueLinks(
  database: Database,
  createUser: (role: 'customer') => Promise<User>,
  purpose: 'registration' | 'reset',
): Promise<string[]> {
  const requests = createAccountRequestRepository(database);
  return repeat(LINKS, async () => {
    const id = randomUUID();
    const user = purpose === 'reset' ? await createUser('customer') : undefined;
    if (user) await requests.open({ id, purpose: 'reset', email: user.email, userId: user.id });
    else await requests.open({ id, purpose: 'registration', email: `${id}@example.com`, name: 'Nora' });
    return requests.issueLink(id, lifetimes[purpose], user?.id);
  });
}

/** Returns cursors of a list, with pages of different lengths. */
const cursorsOf = (send: Send, path: string): Promise<string[]> =>
  Promise.all(
    [1, 2, 3].map(async (limit) => (await send<{ nextCursor: string }>('GET', `${path}?limit=${limit}`)).nextCursor),
  );
