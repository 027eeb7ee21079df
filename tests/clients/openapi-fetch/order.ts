// The life of an order, through the generated types. SHOP is the base URL of the API; EVENT is a file with the body of a webhook.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import createClient from 'openapi-fetch';
import type { components, paths } from './crema.js';

const baseUrl = process.env.SHOP!;
const crema = createClient<paths>({ baseUrl });

async function signIn(username: string) {
  const body = { grant_type: 'password', client_id: 'crema', username, password: 'test' } as const;
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const { data } = await crema.POST('/oauth/token', { headers, body });
  return createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${data!.access_token}` } });
}

const customer = await signIn('customer@example.com');
const manager = await signIn('manager@example.com');

const { data: menu } = await crema.GET('/v1/catalog');
const latte = menu!.data.find(({ name }) => name === 'Latte')!;
const vanilla = latte.variations.find(({ name }) => name === 'Vanilla')!;
const oat = latte.optionGroups.flatMap(({ options }) => options).find(({ name }) => name === 'Oat')!;
const latteWithOat = { productId: latte.id, variationId: vanilla.id, quantity: 2, options: [{ optionId: oat.id }] };
const body = { lines: [{ ...latteWithOat, note: 'Extra hot' }] };

// Repeated requests with the same key place one order.
const key = { header: { 'Idempotency-Key': randomUUID() } };
const { data: placed, response } = await customer.POST('/v1/orders', { params: key, body });
const again = await customer.POST('/v1/orders', { params: key, body });
assert.equal(again.data!.id, placed!.id);
assert.equal(again.response.headers.get('idempotency-replayed'), 'true');
const [ordered] = placed!.lines;
assert.deepEqual([ordered!.options[0]!.name, ordered!.note], ['Oat', 'Extra hot']);
console.log('placed', placed!.number, placed!.lines[0]!.product, placed!.total);

// If-Match rejects an edit of a version that this program has not seen.
const path = { id: placed!.id };
const seen = { path, header: { 'If-Match': response.headers.get('etag')! } };
const lines = [
  { id: placed!.lines[0]!.id, quantity: 1 },
  { productId: latte.id, quantity: 1 },
];
const edited = await customer.PATCH('/v1/orders/{id}', { params: seen, body: { lines, note: 'No sugar' } });
assert.deepEqual([edited.data!.version, edited.data!.lines.length, edited.data!.note], [2, 2, 'No sugar']);
const stale = await customer.PATCH('/v1/orders/{id}', { params: seen, body: { note: null } });
assert.deepEqual([stale.error?.code, stale.error?.version], ['version_mismatch', 2]);

await manager.POST('/v1/orders/{id}/status', { params: { path }, body: { status: 'preparation' } });
const late = await customer.PATCH('/v1/orders/{id}', { params: { path }, body: { note: null } });
assert.deepEqual([late.error?.code, late.error?.currentStatus], ['illegal_transition', 'preparation']);
const wrong = await customer.POST('/v1/orders', { body: { lines: [] } });
assert.deepEqual([wrong.error?.code, wrong.error?.errors?.[0]?.pointer], ['invalid_request', '#/lines']);

const query = { status: ['preparation' as const], limit: 100 };
const { data: list } = await customer.GET('/v1/orders', { params: { query } });
assert.ok(list!.data.some(({ id }) => id === placed!.id));
const { data: cancelled } = await manager.POST('/v1/orders/{id}/cancel', {
  params: { path },
  body: { reasonCode: 'out_of_stock' },
});
assert.deepEqual([cancelled!.status, cancelled!.cancellation?.reasonCode], ['cancelled', 'out_of_stock']);

const { data: timeline } = await manager.GET('/v1/orders/{id}/timeline', { params: { path } });
for (const { at, kind, type, changes } of timeline!.data) console.log(at, kind, type, changes?.added.length ?? '');

// The event that a webhook receives. Its `type` distinguishes the kinds of events.
const event: components['schemas']['CloudEvent'] = JSON.parse(await readFile(process.env.EVENT!, 'utf8'));
assert.ok(event.type !== 'webhook.test');
assert.deepEqual([event.type, event.data.to, event.data.order.lines[0]!.product], ['order.placed', 'waiting', 'Latte']);
