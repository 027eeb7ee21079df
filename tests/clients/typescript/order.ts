// The life of an order, through the generated client. SHOP is the base URL of the API; EVENT is a file with the body of a webhook.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { client } from './client/client.gen.js';
import * as crema from './client/index.js';

client.setConfig({ baseUrl: process.env.SHOP! });
const shop = { throwOnError: true } as const;

async function signIn(username: string) {
  const form = { grant_type: 'password', client_id: 'crema', username, password: 'test' } as const;
  const { data } = await crema.getToken({ ...shop, body: form });
  return { ...shop, auth: data.access_token };
}

const customer = await signIn('customer@example.com');
const manager = await signIn('manager@example.com');

const { data: menu } = await crema.getCatalog(shop);
const latte = menu.data.find(({ name }) => name === 'Latte')!;
const vanilla = latte.variations.find(({ name }) => name === 'Vanilla')!;
const oat = latte.optionGroups.flatMap(({ options }) => options).find(({ name }) => name === 'Oat')!;
const latteWithOat = { productId: latte.id, variationId: vanilla.id, quantity: 2, options: [{ optionId: oat.id }] };
const body: crema.OrderRequest = { lines: [{ ...latteWithOat, note: 'Extra hot' }] };

// Repeated requests with the same key place one order.
const headers = { 'Idempotency-Key': randomUUID() };
const { data: placed, response } = await crema.placeOrder({ ...customer, headers, body });
const again = await crema.placeOrder({ ...customer, headers, body });
assert.equal(again.data.id, placed.id);
assert.equal(again.response.headers.get('idempotency-replayed'), 'true');
const [ordered] = placed.lines;
assert.deepEqual([ordered!.options[0]!.name, ordered!.note], ['Oat', 'Extra hot']);
console.log('placed', placed.number, placed.lines[0]!.product, placed.total);

// If-Match rejects an edit of a version that this program has not seen.
const path = { id: placed.id };
const seen = { 'If-Match': response.headers.get('etag')! };
const lines: crema.EditedOrderLine[] = [
  { id: placed.lines[0]!.id, quantity: 1 },
  { productId: latte.id, quantity: 1 },
];
const { data: edited } = await crema.editOrder({ ...customer, path, headers: seen, body: { lines, note: 'No sugar' } });
assert.deepEqual([edited.version, edited.lines.length, edited.note], [2, 2, 'No sugar']);
const stale = await crema.editOrder({ ...customer, throwOnError: false, path, headers: seen, body: { note: null } });
assert.deepEqual([stale.error?.code, stale.error?.version], ['version_mismatch', 2]);

// With respond-async, the response does not wait for the change and contains the unchanged order.
const move = { path, headers: { Prefer: 'respond-async' }, body: { status: 'preparation' } } as const;
assert.equal((await crema.changeOrderStatus({ ...manager, ...move })).data.status, 'waiting');
while ((await crema.getOrder({ ...customer, path })).data.status === 'waiting') await setTimeout(100);
const late = await crema.editOrder({ ...customer, throwOnError: false, path, body: { note: null } });
assert.deepEqual([late.error?.code, late.error?.currentStatus], ['illegal_transition', 'preparation']);
const wrong = await crema.placeOrder({ ...customer, throwOnError: false, body: { lines: [] } });
assert.deepEqual([wrong.error?.code, wrong.error?.errors?.[0]?.pointer], ['invalid_request', '#/lines']);

const { data: list } = await crema.listOrders({ ...customer, query: { status: ['preparation'], limit: 100 } });
assert.ok(list.data.some(({ id }) => id === placed.id));
const { data: cancelled } = await crema.cancelOrder({ ...manager, path, body: { reasonCode: 'out_of_stock' } });
assert.deepEqual([cancelled.status, cancelled.cancellation?.reasonCode], ['cancelled', 'out_of_stock']);

const { data: timeline } = await crema.getOrderTimeline({ ...manager, path });
for (const { at, kind, type, changes } of timeline.data) console.log(at, kind, type, changes?.added.length ?? '');

// The event that a webhook receives. Its `type` distinguishes the kinds of events.
const event: crema.CloudEvent = JSON.parse(await readFile(process.env.EVENT!, 'utf8'));
assert.ok(event.type !== 'webhook.test');
assert.deepEqual([event.type, event.data.to, event.data.order.lines[0]!.product], ['order.placed', 'waiting', 'Latte']);
