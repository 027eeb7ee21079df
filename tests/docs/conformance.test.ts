import { SHOP } from '../../api/docs/document-file.ts';
import { oatId } from '../../api/docs/examples.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { problem } from '../../api/http/problem-schemas.ts';
import { snsMessage } from '../../api/notifications/schemas.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import { waitFor } from '../../stack/wait.ts';
import { type Answer, openShop, type RequestOptions, type Shop } from '../shop.ts';
import { usd } from '../usd.ts';

interface Documented {
  $ref?: string;
  headers?: Record<string, unknown>;
  content?: Record<string, unknown>;
}

const routes = allRoutes({ currency: SHOP.currency } as RouteDependencies);
const document = describeApi(routes, { passwordGrant: true, shop: SHOP }) as unknown as {
  paths: Record<string, Record<string, { responses: Record<string, Documented> }>>;
  components: { responses: Record<string, Documented> };
};

/** Headers of HTTP, the server or the whole API, which operations do not document. */
const GENERAL = new RegExp(
  '^(connection|content-length|content-type|date|keep-alive|transfer-encoding|vary|cache-control|x-.*' +
    '|content-security-policy|cross-origin-.*|permissions-policy|referrer-policy)$',
);

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false });
}, 60_000);
afterAll(() => shop?.close());

/**
 * Sends a request and checks the response against the document: status, content type, headers, and the exact fields of
 * the body.
 */
async function ask(
  operationId: string,
  ids: Record<string, string> = {},
  options: RequestOptions & { query?: string } = {},
) {
  const route = routes.find((each) => each.operationId === operationId)!;
  const { query = '', ...request } = options;
  const path = route.path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => ids[name]!) + query;
  const answer = await shop.requestUntilKnown(route.method.toUpperCase(), path, request);
  const { status, headers, body } = answer;

  const listed = document.paths[route.path]![route.method]!.responses[status];
  expect({ [operationId]: status, documented: listed !== undefined }).toEqual({
    [operationId]: status,
    documented: true,
  });
  const described = listed!.$ref ? document.components.responses[listed!.$ref.split('/').at(-1)!]! : listed!;

  const type = headers.get('content-type')?.split(';')[0];
  expect(type ? [type] : []).toEqual(Object.keys(described.content ?? {}));
  const known = Object.keys(described.headers ?? {}).map((name) => name.toLowerCase());
  const special = [...headers.keys()].filter((name) => !GENERAL.test(name));
  expect(known).toEqual(expect.arrayContaining(special));

  const schema = type === 'application/problem+json' ? problem : route.responses[status]?.body;
  if (schema) expect(schema.parse(body)).toEqual(body);
  return answer;
}

const codeOf = ({ status, body }: Answer) => [status, body.code];

test('placing, moving and cancelling an order has the documented responses', async () => {
  const as = shop.customer;
  const menu = await ask('getCatalog');
  const have = { 'if-none-match': menu.headers.get('etag')! };
  expect((await ask('getCatalog', {}, { headers: have })).status).toBe(304);

  const lines = [await shop.line('Latte', 'Vanilla', 2), await shop.line('Tea')];
  const key = { 'idempotency-key': 'one-order-please' };
  const placed = await ask('placeOrder', {}, { as, body: { lines }, headers: key });
  const replayed = await ask('placeOrder', {}, { as, body: { lines }, headers: key });
  expect([placed.status, replayed.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  expect(codeOf(await ask('placeOrder', {}, { as, body: { lines: [lines[0]] }, headers: key }))).toEqual([
    422,
    'idempotency_key_reused',
  ]);
  const unknown = { productId: '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10', quantity: 1 };
  expect(codeOf(await ask('placeOrder', {}, { as, body: { lines: [unknown] } }))).toEqual([409, 'product_unavailable']);
  const withOptions = { ...lines[0], options: [{ optionId: oatId }], note: 'Extra hot' };
  const quoted = await ask('quoteOrder', {}, { as, body: { lines: [withOptions] } });
  expect(quoted.body.lines).toMatchObject([{ options: [{ name: 'Oat' }], note: 'Extra hot' }]);
  const twice = { ...withOptions, options: [...withOptions.options, ...withOptions.options] };
  expect(codeOf(await ask('placeOrder', {}, { as, body: { lines: [twice] } }))).toEqual([409, 'options_invalid']);
  expect(codeOf(await ask('placeOrder', {}, { as, body: { lines: [] } }))).toEqual([400, 'invalid_request']);
  const text = { as, body: 'Latte', headers: { 'content-type': 'text/plain' } };
  expect(codeOf(await ask('placeOrder', {}, text))).toEqual([415, 'unsupported_media_type']);
  expect(codeOf(await ask('placeOrder', {}, { body: { lines } }))).toEqual([401, 'unauthenticated']);
  const guest = { lines, customerName: 'Ana' };
  expect(codeOf(await ask('placeOrder', {}, { as: shop.customer, body: guest }))).toEqual([403, 'forbidden']);
  const counter = await ask('placeOrder', {}, { as: shop.barista, body: guest });
  expect([counter.status, counter.body.customer]).toEqual([201, { id: null, name: 'Ana' }]);

  const { id } = placed.body;
  const read = await ask('getOrder', { id }, { as });
  expect(read.headers.get('etag')).toBe('"1"');
  expect((await ask('getOrder', { id }, { as, headers: { 'if-none-match': 'W/"1"' } })).status).toBe(304);
  expect((await ask('listOrders', {}, { as, query: '?status=waiting&limit=1' })).body.data[0].id).toBe(id);
  expect((await ask('getOrderTimeline', { id }, { as })).status).toBe(200);
  expect((await ask('getFollowLink', { id }, { as })).status).toBe(200);
  expect(codeOf(await ask('getOrder', { id: unknown.productId }, { as }))).toEqual([404, 'not_found']);
});

test('moving and cancelling an order with a worker has the documented responses', async () => {
  await shop.openWorker();
  const { id } = (await shop.place()).body;
  const move = (body: object, headers = {}) => ask('changeOrderStatus', { id }, { as: shop.manager, body, headers });
  expect(codeOf(await move({ status: 'delivered' }))).toEqual([409, 'illegal_transition']);
  expect((await move({ status: 'preparation' }, { 'if-match': '"1"' })).headers.get('etag')).toBe('"2"');
  expect(codeOf(await move({ status: 'ready' }, { 'if-match': '"1"' }))).toEqual([412, 'version_mismatch']);
  const cancelled = await ask('cancelOrder', { id }, { as: shop.customer, body: { reasonCode: 'customer_request' } });
  expect(cancelled.body.cancellation.by.type).toBe('customer');
  const { body } = await ask('getOrderTimeline', { id }, { as: shop.manager });
  expect(body.data.length).toBeGreaterThan(2);
}, 60_000);

test('JSON null counts as a missing body if the body is optional', async () => {
  const isOptional = ({ body }: (typeof routes)[number]) => body?.safeParse(undefined).success;
  const { id } = (await shop.place()).body;
  const answers: Record<string, number> = {};
  for (const { operationId } of routes.filter(isOptional)) {
    const { status } = await ask(operationId, { id }, { as: shop.manager, body: 'null' });
    answers[operationId] = status;
  }
  expect(answers).toEqual({ cancelOrder: 200, buyStreamTicket: 201 });
}, 60_000);

test('email preferences, resending and bounces have the documented responses', async () => {
  const as = shop.manager;
  await ask('getEmailPreferences', {}, { as });
  await ask('changeEmailPreferences', {}, { as, body: { progress: true } });
  expect(codeOf(await ask('liftEmailSuppression', {}, { as, body: { email: 'ana@example.com' } }))).toEqual([
    404,
    'not_found',
  ]);
  const body = snsMessage.meta()?.examples?.[0];
  expect(codeOf(await ask('notifyOfMail', {}, { body }))).toEqual([404, 'not_found']);
  const { id } = (await shop.place()).body;
  const emails = async () =>
    (await ask('getOrderTimeline', { id }, { as })).body.data.filter(
      ({ channel, outcome }: { channel: string; outcome: string }) => channel === 'email' && outcome === 'sent',
    );
  await waitFor('both receipts', async () => (await emails()).length === 2, { deadline: 20_000 });
  const [{ deliveryId }] = await emails();
  expect((await ask('resendNotification', { id, deliveryId }, { as })).status).toBe(202);
}, 60_000);

test('changing the menu has the documented responses', async () => {
  const as = shop.manager;
  const { body } = await ask('createProduct', {}, { as, body: { name: 'Flat White', basePrice: usd(420) } });
  const { id } = body;
  expect(codeOf(await ask('createProduct', {}, { as, body: { name: 'Latte', basePrice: usd(1) } }))).toEqual([
    409,
    'name_taken',
  ]);
  await ask('listProducts', {}, { as, query: '?include=deleted' });
  await ask('getProduct', { id }, { as });
  await ask('changeProduct', { id }, { as, body: { available: false }, headers: { 'if-match': '"1"' } });
  const late = { as, body: { available: true }, headers: { 'if-match': '"1"' } };
  expect(codeOf(await ask('changeProduct', { id }, late))).toEqual([412, 'version_mismatch']);
  const added = await ask('addVariation', { id }, { as, body: { name: 'Oat Milk', priceDelta: usd(60) } });
  const variationId = added.body.variations[0].id;
  await ask('changeVariation', { id, variationId }, { as, body: { priceDelta: usd(50) } });
  await ask('deleteVariation', { id, variationId }, { as });
  await ask('restoreVariation', { id, variationId }, { as });
  expect((await ask('deleteProduct', { id }, { as })).status).toBe(204);
  expect(codeOf(await ask('getProduct', { id }, { as }))).toEqual([404, 'not_found']);
  await ask('restoreProduct', { id }, { as });
});

test('changing option groups has the documented responses', async () => {
  const as = shop.manager;
  const { id } = (await ask('createOptionGroup', {}, { as, body: { name: 'Syrup', max: 2 } })).body;
  expect(codeOf(await ask('createOptionGroup', {}, { as, body: { name: 'Milk' } }))).toEqual([409, 'name_taken']);
  await ask('listOptionGroups', {}, { as, query: '?include=deleted' });
  await ask('getOptionGroup', { id }, { as });
  await ask('changeOptionGroup', { id }, { as, body: { min: 1 }, headers: { 'if-match': '"1"' } });
  const late = { as, body: { min: 0 }, headers: { 'if-match': '"1"' } };
  expect(codeOf(await ask('changeOptionGroup', { id }, late))).toEqual([412, 'version_mismatch']);
  const added = await ask('addOption', { id }, { as, body: { name: 'Caramel', priceDelta: usd(60) } });
  const optionId = added.body.options[0].id;
  await ask('changeOption', { id, optionId }, { as, body: { availableAgainAt: '2100-01-01T08:00:00Z' } });
  await ask('deleteOption', { id, optionId }, { as });
  await ask('restoreOption', { id, optionId }, { as });
  const body = { name: 'Cortado', basePrice: usd(380), optionGroups: [{ id, max: 1 }], allergens: ['milk'] };
  await ask('createProduct', {}, { as, body });
  await ask('getCatalog');
  expect((await ask('deleteOptionGroup', { id }, { as })).status).toBe(204);
  expect(codeOf(await ask('getOptionGroup', { id }, { as }))).toEqual([404, 'not_found']);
  await ask('restoreOptionGroup', { id }, { as });
});

test('managing webhooks has the documented responses', async () => {
  const as = shop.manager;
  const url = 'http://127.0.0.1:9999/hooks';
  const { body } = await ask('createWebhook', {}, { as, body: { url } });
  const { id } = body;
  expect(codeOf(await ask('createWebhook', {}, { as, body: { url: 'https://10.0.0.1/' } }))).toEqual([
    400,
    'invalid_request',
  ]);
  await ask('listWebhooks', {}, { as, query: '?limit=1' });
  await ask('getWebhook', { id }, { as });
  await ask('changeWebhook', { id }, { as, body: { description: 'The till' }, headers: { 'if-match': '"1"' } });
  await ask('rotateWebhookSecret', { id }, { as });
  const test = await ask('testWebhook', { id }, { as });
  await ask('redeliverWebhookDelivery', { id, deliveryId: test.body.id }, { as });
  const times = { from: '2026-11-22T09:00:00Z', to: '2026-11-22T10:00:00Z' };
  expect((await ask('redeliverWebhookEvents', { id }, { as, body: times })).body).toEqual({ count: 0 });
  await waitFor(
    'an attempt',
    async () => {
      const { data } = (await ask('listWebhookDeliveries', { id }, { as })).body;
      return data.length === 2 && data[0].attempts > 0;
    },
    { deadline: 20_000 },
  );
  await ask('changeWebhook', { id }, { as, body: { enabled: false } });
  expect(codeOf(await ask('testWebhook', { id }, { as }))).toEqual([409, 'webhook_disabled']);
  expect((await ask('deleteWebhook', { id }, { as })).status).toBe(204);
  expect(codeOf(await ask('getWebhook', { id }, { as }))).toEqual([404, 'not_found']);
}, 60_000);

test('registering, managing and deleting users has the documented responses', async () => {
  const as = shop.customer;
  const [password, token] = ['seven violins in the rain', 'A'.repeat(43)];
  const ana = { email: 'ana@example.com', name: 'Ana Souza' };
  expect((await ask('registerUser', {}, { body: ana })).status).toBe(202);
  expect(codeOf(await ask('registerUser', {}, { body: { ...ana, email: 'ana' } }))).toEqual([400, 'invalid_request']);
  expect(codeOf(await ask('verifyUser', {}, { body: { token, password } }))).toEqual([410, 'invalid_link']);
  expect((await ask('requestPasswordReset', {}, { body: { email: ana.email } })).status).toBe(202);
  expect(codeOf(await ask('confirmPasswordReset', {}, { body: { token, password } }))).toEqual([410, 'invalid_link']);

  await ask('changeMe', {}, { as, body: { name: 'Carla Customer' } });
  await ask('exportMe', {}, { as });
  const change = { currentPassword: 'wrong', newPassword: password };
  expect(codeOf(await ask('changePassword', {}, { as, body: change }))).toEqual([403, 'wrong_password']);
  for (const erase of ['deleteMe', 'eraseMe']) {
    expect(codeOf(await ask(erase, {}, { as, body: { password: 'wrong' } }))).toEqual([403, 'wrong_password']);
    const last = await ask(erase, {}, { as: shop.manager, body: { password: 'test' } });
    expect(codeOf(last)).toEqual([409, 'last_manager']);
  }

  const manager = { as: shop.manager };
  const { body } = await ask('listUsers', {}, { ...manager, query: '?limit=1' });
  const [{ id }] = body.data;
  expect((await ask('inviteUser', {}, { ...manager, body: ana })).status).toBe(202);
  const { body: open } = await ask('listInvitations', {}, manager);
  expect((await ask('revokeInvitation', { id: open.data[0].id }, manager)).status).toBe(204);
  expect(codeOf(await ask('revokeInvitation', { id: open.data[0].id }, manager))).toEqual([404, 'not_found']);
  const known = { ...ana, email: 'customer@example.com' };
  expect(codeOf(await ask('inviteUser', {}, { ...manager, body: known }))).toEqual([409, 'email_taken']);
  await ask('promoteUser', { id }, manager);
  await ask('demoteUser', { id }, manager);
  expect(codeOf(await ask('promoteUser', { id: token.toLowerCase() }, manager))).toEqual([400, 'invalid_request']);
});

test('the own account and the health checks have the documented responses', async () => {
  await ask('getMe', {}, { as: shop.customer });
  expect(codeOf(await ask('getMe', {}, { as: 'no.good.token' }))).toEqual([401, 'unauthenticated']);
  expect(codeOf(await ask('getCatalog', {}, { as: 'no.good.token' }))).toEqual([401, 'unauthenticated']);
  await ask('getLiveness');
  await ask('getReadiness');
});
