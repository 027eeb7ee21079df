import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describeEvents } from '../../api/docs/asyncapi.ts';
import { SHOP } from '../../api/docs/document-file.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { toEventResource, toOrderInEvent } from '../../api/orders/resources.ts';
import { raise } from '../../domain/order/alerts.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import { alerts } from '../../domain/order/order.ts';
import { anOrderAt, aPlacement, moveOf } from '../domain/an-order.ts';
import { actors } from '../domain/status-table.ts';
import { asyncApiFaults } from './asyncapi-faults.ts';

const document = describeEvents(SHOP);

test('the AsyncAPI document is valid AsyncAPI 3', async () => {
  expect(await asyncApiFaults(document)).toEqual([]);
});

test('the validator finds unknown fields and broken references', async () => {
  const broken = structuredClone(document) as never as Record<string, Record<string, Record<string, unknown>>>;
  broken.operations!.shop!.action = 'emit';
  broken.operations!.order!.channel = { $ref: '#/channels/nowhere' };
  const faults = (await asyncApiFaults(broken)).join();
  expect(faults).toContain('struct');
  expect(faults).toContain('no-unresolved-refs');
});

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'asyncapi', ...document });

/** Returns the faults of a value according to a schema of the document. */
function faultsIn(value: unknown, schema: string) {
  const validate = ajv.getSchema(`asyncapi#/components/schemas/${schema}`)!;
  return validate(value) ? [] : validate.errors;
}

test('every example of the AsyncAPI document matches its schema', () => {
  const schemas = Object.entries(document.components.schemas) as [string, { examples?: unknown[] }][];
  const withExamples = schemas.filter(([, { examples }]) => examples);
  expect(withExamples.length).toBeGreaterThanOrEqual(5);
  for (const [name, { examples }] of withExamples) {
    for (const example of examples!) expect({ [name]: faultsIn(example, name) }).toEqual({ [name]: [] });
  }
});

test('events for every audience match the AsyncAPI document', () => {
  const at = '2026-11-22T09:31:00.000Z';
  const waiting = anOrderAt('waiting');
  const counter = placeOrder(aPlacement({ customer: { id: null }, placedBy: actors.barista }));
  const facts = [...alerts.map((alert) => raise(waiting, alert, at)), moveOf(waiting, 'cancelled', at), counter];
  for (const viewer of [actors.manager, actors.owner]) {
    for (const fact of facts)
      expect(faultsIn(toEventResource(fact, viewer, 'https://shop.example'), 'OrderEvent')).toEqual([]);
    const orders = facts.map(({ order }) => toOrderInEvent(order, viewer));
    expect(faultsIn({ orders }, 'ShopSnapshot')).toEqual([]);
    expect(faultsIn({ order: orders[0] }, 'OrderSnapshot')).toEqual([]);
  }
  expect(
    faultsIn(
      { ...toEventResource(facts[0]!, actors.manager, 'https://shop.example'), type: 'order.eaten' },
      'OrderEvent',
    ),
  ).not.toEqual([]);
});

test.each([
  ['http://localhost:5000', { host: 'localhost:5000', protocol: 'http' }],
  ['https://shop.example', { host: 'shop.example', protocol: 'https' }],
])('the AsyncAPI document for the public URL %s has its host and is valid', async (publicUrl, expected) => {
  const served = describeEvents({ ...SHOP, publicUrl });
  const { description: _, ...server } = served.servers.api;
  expect(server).toEqual(expected);
  expect(await asyncApiFaults(served)).toEqual([]);
});

test('both documents have the name of the shop as their title', () => {
  const shop = { ...SHOP, name: 'Bean Bar' };
  expect(describeEvents(shop).info.title).toBe('Events of Bean Bar');
  expect(describeApi([], { passwordGrant: false, shop }).info.title).toBe('Bean Bar');
});

test('the AsyncAPI document describes the address of Redis as an example', () => {
  const { host, description } = document.servers.redis;
  expect(host).toMatch(/\.example:/);
  expect(description).toContain('an example: use that of the setting `REDIS_URL`');
});
