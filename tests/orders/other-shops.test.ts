import { connect } from '../../db/connection.ts';
import { seedCatalog } from '../../db/seeds/catalog.ts';
import { maxPrice, writeMoney } from '../../domain/money.ts';
import { waitFor } from '../../stack/wait.ts';
import { copyDatabase } from '../databases.ts';
import { expectFaults } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';

/** Formats a time in a shop's zone, without the zone's name, which differs among versions of Node. */
const timeIn = (at: string, timeZone: string): string =>
  new Intl.DateTimeFormat('en-US', { timeZone, hour: 'numeric', minute: '2-digit' }).format(new Date(at));

/** Creates a seeded database of a shop with this currency. */
async function databaseIn(currency: string): Promise<string> {
  const url = await copyDatabase();
  const database = connect(url, { max: 1, name: 'crema-test' });
  for (const table of ['product_option_groups', 'options', 'option_groups', 'variations', 'products'])
    await database(table).delete();
  await seedCatalog(database, currency);
  await database.destroy();
  return url;
}

describe.each([
  {
    currency: 'JPY',
    name: '喫茶店 “Moka”',
    zone: 'Asia/Tokyo',
    latte: 430,
    written: '¥430',
    example: '430 is ¥430',
  },
  {
    currency: 'KWD',
    name: 'Joe’s, the "Best" <Coffee>',
    zone: 'Asia/Kathmandu',
    latte: 4_300,
    written: 'KWD\u00a04.300',
    example: '4300 is KWD\u00a04.300',
  },
  {
    currency: 'HUF',
    name: 'Kék Ajtó',
    zone: 'America/St_Johns',
    latte: 430,
    written: 'HUF\u00a04.30',
    example: '430 is HUF\u00a04.30',
  },
])('a shop in $zone with the currency $currency', ({ currency, name, zone, latte, written, example }) => {
  let shop: Shop;
  beforeAll(async () => {
    const environment = { CURRENCY: currency, SHOP_NAME: name, SHOP_TIME_ZONE: zone };
    shop = await openShop({ databaseUrl: await databaseIn(currency), environment });
  }, 60_000);
  afterAll(() => shop.close());

  const money = (amount: number) => ({ amount, currency });
  const product = (fields: object) =>
    shop.request('POST', '/v1/products', { as: shop.manager, body: { name: 'Gold Leaf', ...fields } });

  test('uses its currency, name and time zone in orders, emails and the Web UI', async () => {
    const { body: order } = await shop.place();
    expect(order.total).toEqual(money(latte));
    const receipts = () =>
      shop.smtp.arrivals.filter(({ to, mail: { headers } }) => {
        return to.includes('customer@example.com') && headers.get('x-crema-event-id') === `${order.id}:1`;
      });
    await waitFor('The receipt', () => receipts().length > 0, { deadline: 20_000 });
    const { from, text } = receipts()[0]!.mail;
    expect(from?.value[0]?.name).toBe(name);
    expect(text).toContain(written);
    expect(text).toContain(`because you ordered at ${name}.`);
    expect(text).toContain(`${timeIn(order.placedAt, zone)} `);
    expect(text).not.toMatch(/Crema| UTC/);

    const description = await shop.workflow(order.id).describe();
    expect(await description.staticSummary()).toMatch(new RegExp(`· ${written.replace(/[^\w\s]/g, '\\$&')}$`));
    expect(description.searchAttributes.OrderTotal).toEqual([Number(written.replaceAll(/[^\d.]/g, ''))]);
  });

  test('limits prices to 100,000 units and can edit the most expensive order', async () => {
    const most = maxPrice(currency);
    expectFaults(await product({ basePrice: money(most + 1) }), ['#/basePrice/amount']);
    expectFaults(await product({ basePrice: { amount: 1, currency: 'USD' } }), ['#/basePrice/currency']);
    const { status, body: dear } = await product({ basePrice: money(most) });
    expect(status).toBe(201);
    const variation = { name: 'Two', priceDelta: money(most) };
    const added = await shop.request('POST', `/v1/products/${dear.id}/variations`, {
      as: shop.manager,
      body: variation,
    });
    const line = { productId: dear.id, variationId: added.body.variations[0].id, quantity: 98 };
    const { body: order } = await shop.place({ body: { lines: [line] } });
    expect(order.total).toEqual(money(2 * most * 98));
    const lines = [
      { id: order.lines[0].id, quantity: 99 },
      { ...line, quantity: 99 },
    ];
    const edited = await shop.requestUntilKnown('PATCH', `/v1/orders/${order.id}`, {
      as: shop.customer,
      body: { lines },
    });
    expect(edited.body.total).toEqual(money(4 * most * 99));
    expect((await shop.readOrder(order.id)).body.total).toEqual(money(4 * most * 99));
  });

  test('sells options in its currency', async () => {
    const most = maxPrice(currency);
    const post = (path: string, body: object) => shop.request('POST', path, { as: shop.manager, body });
    const { id } = (await post('/v1/option-groups', { name: 'Toppings' })).body;
    const option = (priceDelta: object) => post(`/v1/option-groups/${id}/options`, { name: 'Gold', priceDelta });
    expectFaults(await option(money(most + 1)), ['#/priceDelta/amount']);
    expectFaults(await option({ amount: 1, currency: 'USD' }), ['#/priceDelta/currency']);
    const optionId = (await option(money(most))).body.options[0].id;
    const { body: cake } = await product({ name: 'Cake', basePrice: money(1), optionGroups: [{ id }] });
    const menu = (await shop.request('GET', '/v1/catalog')).body.data;
    expect(menu.find((item: { id: string }) => item.id === cake.id).optionGroups[0].options).toMatchObject([
      { priceDelta: money(most) },
    ]);
    const line = { productId: cake.id, quantity: 2, options: [{ optionId }] };
    const { body: order } = await shop.place({ body: { lines: [line] } });
    expect(order.total).toEqual(money(2 * (most + 1)));
  });

  test('serves documents and previews with its own values', async () => {
    const { body: document } = await shop.request('GET', '/openapi.json');
    expect(document.info.title).toBe(name);
    const { Money, Price, ProductRequest } = document.components.schemas;
    expect(Money.properties.amount.description).toBe(`In minor units: ${example}`);
    expect(Price.properties).toMatchObject({ amount: { maximum: maxPrice(currency) }, currency: { const: currency } });
    expect(writeMoney(Money.examples[0])).toBe(written);
    expect(writeMoney(ProductRequest.examples[0].basePrice)).toBe(written.replace('3', '2'));
    expect(document.info.description).toContain(example);
    // The pattern of each currency has its own example.
    expect(JSON.stringify(document)).not.toMatch(/USD|\$4/);

    for (const page of ['/docs', '/docs/problems']) {
      const { body } = await shop.request('GET', page);
      expect(body).toContain(name.replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;'));
    }
    const preview = (await shop.request('GET', '/dev/emails/en/customer-placed.txt')).body;
    expect(preview).toContain(name);
    expect(preview).toContain(timeIn('2026-03-05T14:05:00Z', zone));
    expect(preview).not.toMatch(/\$|Crema/);
  });
});
