import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/passwords.ts';
import { createAccountRequestRepository } from '../../db/account-requests.ts';
import { connect, type Database } from '../../db/connection.ts';
import { createEmailSuppressions } from '../../db/email-suppressions.ts';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import { lifetimes } from '../../domain/account/link.ts';
import { serviceScopes } from '../../domain/scopes.ts';
import { waitFor } from '../../stack/wait.ts';
import { type OwnShop, withOwnShop } from '../own-shop.ts';

/** Who the fuzzer comes as. */
export const roles = ['nobody', 'customer', 'service', 'manager'] as const;
export type Role = (typeof roles)[number];

/** What a fuzzer can know of a shop: who it is, and ids and words that mean something there. */
export interface World {
  /** Nobody has none. */
  token: string | undefined;
  /** The ids of the one who fuzzes, and of somebody else. */
  self: string;
  other: string;
  ids: Record<'orders' | 'products' | 'variations' | 'users' | 'webhooks' | 'deliveries', string[]>;
  /** Values of formats that no schema can describe, by format. */
  formats: Record<string, string[]>;
  /** By `operationId`, a request that succeeds for whoever may send it. */
  good: Record<string, { path_parameters?: Record<string, string | undefined>; body?: unknown; media_type?: string }>;
}

/** A shop for the fuzzer: services, API and worker of its own. */
export interface FuzzedShop {
  url: string;
  /** Fills the shop with fresh things to fuzz, and signs somebody in who is there for that alone. */
  enter(role: Role): Promise<World>;
}

const PASSWORD = 'seven violins in the rain';

/** So many links work once; the fuzzer takes one for each time that it guesses right. */
const LINKS = 40;

/**
 * Opens a shop with something to fuzz in it.
 *
 * @param work what to do in it; everything is stopped and deleted afterwards
 * @param signal ends the start early
 */
export function withFuzzedShop<Result>(
  work: (shop: FuzzedShop) => Promise<Result>,
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<Result> {
  const inside = async ({ url, databaseUrl }: OwnShop) => {
    const database = connect(databaseUrl, { max: 2, name: 'crema-fuzz' });
    try {
      return await work({ url, enter: (role) => enter(role, url, database) });
    } finally {
      await database.destroy();
    }
  };
  return withOwnShop(inside, log, signal);
}

async function enter(role: Role, url: string, database: Database): Promise<World> {
  const call = async <Body>(as: string | undefined, method: string, path: string, body?: unknown): Promise<Body> => {
    const authorization = as && { authorization: `Bearer ${as}` };
    const answer = await fetch(url + path, {
      method,
      headers: { ...authorization, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered with ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as Body;
  };
  const signIn = async (form: Record<string, string>) => {
    const answer = await fetch(`${url}/oauth/token`, { method: 'POST', body: new URLSearchParams(form) });
    return ((await answer.json()) as { access_token: string }).access_token;
  };
  const passwordHash = await hashPassword(PASSWORD);
  const newPerson = async (kind: 'customer' | 'manager') => {
    const id = randomUUID();
    const email = `${id}@example.com`;
    await database('users').insert({ id, email, name: 'Fay Fuzz', password_hash: passwordHash, role: kind });
    return { id, email };
  };
  const tokenOf = ({ email }: { email: string }) =>
    signIn({ grant_type: 'password', client_id: 'crema', username: email, password: PASSWORD });

  const [customer, manager] = await Promise.all([newPerson('customer'), newPerson('manager')]);
  const [asCustomer, asManager] = await Promise.all([tokenOf(customer), tokenOf(manager)]);
  const products = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const price = { amount: 420, currency: 'USD' };
      const product = { name: `Fuzz ${randomUUID()}`, basePrice: price };
      const { id } = await call<{ id: string }>(asManager, 'POST', '/v1/products', product);
      const variation = { name: 'Large', priceDelta: price };
      const path = `/v1/products/${id}/variations`;
      return call<{ id: string; variations: { id: string }[] }>(asManager, 'POST', path, variation);
    }),
  );
  const lines = products.map(({ id }) => ({ productId: id, quantity: 1 }));
  const orders = await Promise.all(
    Array.from({ length: 20 }, () => call<{ id: string }>(asCustomer, 'POST', '/v1/orders', { lines })),
  );
  const people = await Promise.all(Array.from({ length: 5 }, () => newPerson('customer')));

  // Where webhooks lead, so that nothing leaves this machine: the API knows no such path.
  const nowhere = `${url}/nowhere`;
  // A shop has a limit of them.
  await database('webhooks').delete();
  const webhooks = await Promise.all(
    Array.from({ length: 6 }, () => call<{ id: string }>(asManager, 'POST', '/v1/webhooks', { url: nowhere })),
  );
  const tries = `/v1/webhooks/${webhooks[0]?.id}`;
  const deliveries = await Promise.all(
    Array.from({ length: 5 }, () => call<{ id: string }>(asManager, 'POST', `${tries}/test`)),
  );
  const redelivered = await call<{ id: string }>(asManager, 'POST', `/v1/webhooks/${webhooks[5]?.id}/test`);
  const receipt = () =>
    database('deliveries').where({ order_id: orders[0]?.id, recipient: 'customer', outcome: 'sent' }).first('id');
  await waitFor('A receipt', async () => (await receipt()) !== undefined, { deadline: 30_000 });
  const complainer = `${randomUUID()}@example.com`;
  await createEmailSuppressions(database).add(complainer, 'complained');

  const requests = createAccountRequestRepository(database);
  const links = (purpose: 'registration' | 'reset') =>
    Promise.all(
      Array.from({ length: LINKS }, async () => {
        const id = randomUUID();
        const person = purpose === 'reset' ? await newPerson('customer') : undefined;
        if (person) await requests.open({ id, purpose, email: person.email, userId: person.id });
        else await requests.open({ id, purpose, email: `${id}@example.com`, name: 'Nora' });
        return requests.issueLink(id, lifetimes[purpose], person?.id);
      }),
    );
  const service = await createServiceClientRepository(database).add(`Fuzz ${randomUUID()}`, serviceScopes);
  const byRole: Record<Role, () => Promise<{ token?: string; self: string }>> = {
    nobody: async () => ({ self: randomUUID() }),
    customer: async () => ({ token: asCustomer, self: customer.id }),
    manager: async () => ({ token: asManager, self: manager.id }),
    service: async () => {
      const { id, secret } = service as { id: string; secret: string };
      const token = await signIn({ grant_type: 'client_credentials', client_id: id, client_secret: secret });
      return { token, self: id };
    },
  };
  const { token, self } = await byRole[role]();
  const pages = (path: string) =>
    Promise.all(
      [1, 2, 3].map(async (limit) => {
        const { nextCursor } = await call<{ nextCursor: string }>(asManager, 'GET', `${path}?limit=${limit}`);
        return nextCursor;
      }),
    );
  const good: World['good'] = {};
  const succeeds = (operationId: string, path_parameters: Record<string, string | undefined>, body?: unknown) => {
    good[operationId] = { path_parameters, ...(body !== undefined && { body, media_type: 'application/json' }) };
  };
  // Each on something of its own: what is cancelled cannot be moved any more.
  succeeds('getOrder', { id: orders[0]?.id });
  succeeds('getOrderTimeline', { id: orders[0]?.id });
  succeeds('changeOrderStatus', { id: orders[1]?.id }, { status: 'preparation' });
  succeeds('cancelOrder', { id: orders[2]?.id }, { reasonCode: 'too_busy' });
  succeeds('editOrder', { id: orders[3]?.id }, { note: 'No sugar' });
  succeeds('resendNotification', { id: orders[0]?.id, deliveryId: (await receipt()).id });
  succeeds('liftEmailSuppression', {}, { email: complainer });
  succeeds('changeWebhook', { id: webhooks[1]?.id }, { description: 'The kitchen' });
  succeeds('rotateWebhookSecret', { id: webhooks[2]?.id });
  succeeds('deleteWebhook', { id: webhooks[4]?.id });
  succeeds('redeliverWebhookDelivery', { id: webhooks[5]?.id, deliveryId: redelivered.id });
  succeeds('placeOrder', {}, { lines });
  succeeds('quoteOrder', {}, { lines });
  const variation = (index: number) => ({ id: products[index]?.id, variationId: products[index]?.variations[0]?.id });
  succeeds('getProduct', { id: products[0]?.id });
  succeeds('changeProduct', { id: products[0]?.id }, { position: 3 });
  succeeds('restoreProduct', { id: products[0]?.id });
  succeeds('deleteProduct', { id: products[1]?.id });
  succeeds('addVariation', { id: products[2]?.id }, { name: 'Small', priceDelta: { amount: 0, currency: 'USD' } });
  succeeds('changeVariation', variation(2), { position: 3 });
  succeeds('restoreVariation', variation(2));
  succeeds('deleteVariation', variation(3));
  const invitation = { id: randomUUID(), purpose: 'invitation', role: 'customer', invitedBy: manager.id } as const;
  await requests.open({ ...invitation, email: `${invitation.id}@example.com`, name: 'Nora' });
  succeeds('revokeInvitation', { id: invitation.id });
  succeeds('promoteUser', { id: people[1]?.id });
  succeeds('demoteUser', { id: people[1]?.id });

  return {
    token,
    self,
    other: people[0]?.id as string,
    good,
    ids: {
      orders: orders.map(({ id }) => id),
      products: products.map(({ id }) => id),
      variations: products.flatMap(({ variations }) => variations.map(({ id }) => id)),
      users: people.map(({ id }) => id),
      webhooks: webhooks.map(({ id }) => id),
      deliveries: deliveries.map(({ id }) => id),
    },
    formats: {
      password: ['a lamp under the green ladder', 'nine pears beside my old piano', 'the wind has borrowed our kites'],
      'link-of-Verification': await links('registration'),
      'link-of-PasswordReset': await links('reset'),
      'cursor-of-listOrders': await pages('/v1/orders'),
      'cursor-of-listUsers': await pages('/v1/users'),
      'cursor-of-listWebhooks': await pages('/v1/webhooks'),
      'cursor-of-listWebhookDeliveries': await pages(`${tries}/deliveries`),
      'url-of-webhook': [nowhere, `${nowhere}?more`],
    },
  };
}
