import { writeMoney } from '../../domain/money.ts';
import { languages } from '../../languages/index.ts';
import { html, sentence } from '../../languages/markup.ts';
import { accountSamples, samples, webhook } from '../../mail/samples.ts';
import { renderAccountEmail } from '../../mail/templates/account-email.ts';
import { type OrderEmailInput, renderOrderEmail } from '../../mail/templates/order-email.ts';
import { renderWebhookEmail } from '../../mail/templates/webhook-email.ts';
import { aLine, aLineWithOptions, anOption } from '../domain/an-order.ts';

function sample(name: string): OrderEmailInput {
  const found = samples.find((each) => each.name === name);
  if (!found) throw new Error(`No such sample: ${name}`);
  return found.input;
}

const withOrder = (input: OrderEmailInput, change: Partial<OrderEmailInput['fact']['order']>): OrderEmailInput => ({
  ...input,
  fact: { ...input.fact, order: { ...input.fact.order, ...change } },
});

describe('emails about an order', () => {
  test.each(samples)('$name has number, lines and total in text and HTML, and loads no other resource', ({ input }) => {
    const { subject, text, html } = renderOrderEmail(input);
    const { number, lines, total } = input.fact.order;
    for (const shown of [`#${number}`, ...lines.map(({ product }) => product), writeMoney(total, 'en-US')]) {
      expect(text).toContain(shown);
      expect(html).toContain(shown);
    }
    expect(subject).toContain(`#${number}`);
    expect(html).toMatch(/<html lang="en-US"/);
    expect(html).toContain('prefers-color-scheme: dark');
    // The button and the link to the email preferences are the only links.
    expect(html.match(/https?:[^"]*/g)).toEqual([input.link, ...(input.choicePage ? [input.choicePage] : [])]);
    expect(text).toContain(`:\n${input.link}\n`);
    expect(text.includes(String(input.choicePage))).toBe(input.recipient === 'customer');
    expect(html).not.toMatch(/<img|<link|@import|url\(|<script/i);
    expect(`${text}${html}`).not.toMatch(/undefined|\[object|NaN/);
  });

  test('each has its own subject, except the two cancellations', () => {
    const subjects = samples.map(({ input }) => renderOrderEmail(input).subject);
    expect(new Set(subjects).size).toBe(samples.length - 1);
  });

  test('escapes typed markup', () => {
    const evil = '<script>alert("x")</script>&\'';
    const input = withOrder(sample('customer-cancelled-by-shop'), {
      note: evil,
      lines: sample('customer-placed').fact.order.lines.map((line) => ({
        ...line,
        product: evil,
        variation: evil,
        options: [anOption({ group: evil, name: evil })],
        note: evil,
      })),
      cancellation: { reasonCode: null, reason: evil, by: { type: 'manager', id: 'm' }, at: '2026-03-05T14:09:00Z' },
    });
    const { html, text } = renderOrderEmail({ ...input, customerName: evil, shopName: evil });
    expect(html).not.toContain('<script');
    expect(html).toContain('&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;');
    expect(text).toContain(evil);
  });

  test('shows a name with line breaks and direction marks on one line', () => {
    const input = { ...sample('shop-placed'), customerName: 'Ana\r\nBcc: eve@example.org\u202e\u0000' };
    const { text, subject } = renderOrderEmail(input);
    expect(text).toContain('New order from Ana Bcc: eve@example.org\n');
    expect(subject).not.toMatch(/\p{Cc}/u);
  });

  test('keeps a subject on one line if a product name has line breaks', () => {
    const [first, ...rest] = sample('shop-placed').fact.order.lines;
    if (!first) throw new Error('A sample without lines');
    const input = withOrder(sample('shop-placed'), {
      lines: [{ ...first, product: 'Latte\r\nX-Injected: 1' }, ...rest],
    });
    expect(renderOrderEmail(input).subject).toBe(
      'New order #42: 2 × Latte X-Injected: 1 (Pumpkin Spice), 1 × Espresso (Double Shot), 1 × Tea, …',
    );
  });

  describe('right-to-left text', () => {
    const [first] = sample('shop-placed').fact.order.lines;
    if (!first) throw new Error('A sample without lines');
    const input = withOrder(sample('shop-placed'), {
      note: 'بدون سكر\u202e',
      lines: [
        { ...first, product: 'شاي', variation: 'كبير', quantity: 3 },
        { ...first, product: 'קפה\u2067', variation: null, quantity: 2 },
      ],
    });
    const { subject, text, html } = renderOrderEmail({ ...input, customerName: 'أحمد', shopName: 'مقهى' });

    test('is isolated in subject and text, so that quantities keep their place', () => {
      expect(subject).toBe('New order #42: 3 × \u2068شاي\u2069 (\u2068كبير\u2069), 2 × \u2068קפה\u2069');
      for (const typed of ['أحمد', 'بدون سكر', 'مقهى']) expect(text).toContain(`\u2068${typed}\u2069`);
      expect(text.replaceAll(/\u2068[^\n\u202a-\u202e\u2066-\u2069]+\u2069/g, '')).not.toMatch(
        /[\u0590-\u08ff\u202a-\u202e\u2066-\u2069]/,
      );
    });

    test('is unchanged in title and attributes', () => {
      expect(/<title>(.*?)<\/title>/.exec(html)?.[1]).toBe(subject);
      expect(html).toContain(`aria-label="${subject}"`);
    });

    test('keeps the amounts of the receipt in one column', () => {
      const rows = text.split('\n').filter((row) => /^\d × .*\$/.test(row));
      expect(rows).toHaveLength(2);
      const widths = rows.map((row) => row.replaceAll(/[\u2068\u2069]/g, '').length);
      expect(new Set(widths).size).toBe(1);
    });
  });

  test('keeps the lines of a note', () => {
    const { html, text } = renderOrderEmail(sample('customer-placed'));
    expect(html).toContain('Oat milk in one of the lattes, please.<br>And a smile on the lid!');
    expect(text).toContain('  Oat milk in one of the lattes, please.\n  And a smile on the lid!');
  });

  test.each([...languages.keys()])('shows the options and the note of each line in the language %s', (language) => {
    const lines = [aLineWithOptions({ note: 'Extra hot,\nplease <3' }), aLine({ product: 'Tea' })];
    for (const name of ['customer-placed', 'shop-placed']) {
      const { html, text } = renderOrderEmail({ ...withOrder(sample(name), { lines }), language });
      expect(text).toMatch(
        /^2 × Latte \(Vanilla, Oat, 2 × Extra shot\), .*\n {2}“Extra hot,\n {2}please <3”\n2 × Tea/m,
      );
      expect(html).toMatch(/>Vanilla<\/div><div[^>]*>Oat, 2 × Extra shot<\/div>/);
      expect(html).toContain('“Extra hot,<br>please &lt;3”');
      expect(html.match(/“/g)).toHaveLength(1);
    }
  });

  test('marks the shop’s email about a counter order', () => {
    expect(renderOrderEmail(sample('shop-placed')).text).toContain('New order from Ana Souza\n');
    expect(renderOrderEmail(sample('shop-placed-counter')).text).toContain('New counter order from Ana Souza\n');
    expect(renderOrderEmail({ ...sample('shop-placed-counter'), language: 'pt' }).text).toContain(
      'Novo pedido no balcão: Ana Souza\n',
    );
  });

  test.each([
    ['customer-ready', undefined, 'See your order'],
    ['customer-ready', 'pt', 'Ver o pedido'],
    ['shop-placed', undefined, 'Open the board'],
    ['shop-placed-counter', 'pt', 'Abrir o painel'],
  ])('%s in the language %s has the button “%s”', (name, language, label) => {
    const link = 'https://crema.example/a?b=c&d="e#f';
    const { html, text } = renderOrderEmail({ ...sample(name), link, language });
    expect(html).toContain(`href="https://crema.example/a?b=c&amp;d=&quot;e#f"`);
    expect(html).toMatch(new RegExp(`<a class="glad"[^>]*>${label}</a>`));
    expect(text).toContain(`${label}:\n${link}\n`);
  });

  test('greets without a name after the erasure of the customer', () => {
    expect(renderOrderEmail({ ...sample('customer-placed'), customerName: null }).text).toContain('Thank you!');
    expect(renderOrderEmail({ ...sample('shop-placed'), customerName: null }).text).toContain('New order\n');
  });

  test('does not apologise to a customer for a cancellation at their own request', () => {
    const { text } = renderOrderEmail(sample('customer-cancelled-by-customer'));
    expect(text).toContain('Cancelled, as you asked');
    expect(text).not.toContain('My train is early.');
    expect(text).not.toContain('sorry');
    const { fact } = sample('customer-cancelled-by-shop');
    const cancellation = fact.order.cancellation && {
      ...fact.order.cancellation,
      reasonCode: 'customer_request' as const,
    };
    const byStaff = renderOrderEmail(withOrder(sample('customer-cancelled-by-shop'), { cancellation }));
    expect(byStaff.text).toContain('Cancelled, as you asked');
  });

  test('tells the customer why the shop cancelled, and quotes the team', () => {
    const { text } = renderOrderEmail(sample('customer-cancelled-by-shop'));
    expect(text).toContain('We have run out of something it needs');
    expect(text).toContain('From the team:\n  The last donut just left.');
  });

  test('asks the shop to stop making a cancelled order, and says who cancelled and why', () => {
    const { text } = renderOrderEmail(sample('shop-cancelled'));
    expect(text).toContain('please stop');
    expect(text).toContain('cancelled by the customer.');
    expect(text).toContain('My train is early.');
  });

  test('describes a cancellation by the system without a reason', () => {
    const cancellation = {
      reasonCode: null,
      reason: null,
      by: { type: 'system', id: 'crema' },
      at: '2026-03-05T14:09:00Z',
    } as const;
    const shop = withOrder(sample('shop-cancelled'), { cancellation });
    const customer = withOrder(sample('customer-cancelled-by-shop'), { cancellation });
    expect(
      renderOrderEmail({ ...shop, fact: { ...shop.fact, event: { ...shop.fact.event, reason: null } } }).text,
    ).toContain('It was cancelled by the shop’s own system.');
    expect(renderOrderEmail(customer).text).toContain('We could not make it this time.');
  });

  test('mentions packing only for orders to go', () => {
    expect(renderOrderEmail(sample('customer-ready')).text).toContain('packed to go');
    expect(renderOrderEmail(withOrder(sample('customer-ready'), { location: 'in_house' })).text).not.toContain(
      'packed',
    );
  });

  test('throws for a status change to the shop, which gets no such email', () => {
    expect(() => renderOrderEmail({ ...sample('customer-ready'), recipient: 'shop' })).toThrow(RangeError);
  });

  test.each([
    [{ amount: 430, currency: 'USD' }, '$4.30'],
    [{ amount: 0, currency: 'USD' }, '$0.00'],
    [{ amount: 10_000_000, currency: 'USD' }, '$100,000.00'],
    [{ amount: 430, currency: 'JPY' }, '¥430'],
    [{ amount: 4300, currency: 'KWD' }, 'KWD\u00a04.300'],
    [{ amount: Number.MAX_SAFE_INTEGER, currency: 'EUR' }, '€90,071,992,547,409.91'],
  ])('formats %j as %s', (money, written) => {
    expect(writeMoney(money, 'en-US')).toBe(written);
  });

  test('renders the largest order below the size at which mailboxes clip emails', () => {
    const [line] = sample('customer-placed').fact.order.lines;
    if (!line) throw new Error('A sample without lines');
    const lines = Array.from({ length: 50 }, () => ({ ...line, quantity: 99 }));
    expect(Buffer.byteLength(renderOrderEmail(withOrder(sample('customer-placed'), { lines })).html)).toBeLessThan(
      102_000,
    );
  });
});

const rightToLeft = ['مقهى', 'أحمد', 'שלום', 'قهوة', 'בדיקה', 'سبب'] as const;
const [shopName, customerName, note, product, variation, reason] = rightToLeft;

/** All emails, with right-to-left text wherever a person can type. */
const emailsFromRightToLeft = (language: string) => [
  ...samples.map(({ name, input }) => {
    const { fact } = input;
    const options = [anOption({ name: product, quantity: 2 })];
    const lines = fact.order.lines.map((line) => ({ ...line, product, variation, options, note }));
    const cancellation = fact.order.cancellation && { ...fact.order.cancellation, reason };
    const typed = { event: { ...fact.event, reason }, order: { ...fact.order, lines, note, cancellation } };
    return { name, email: renderOrderEmail({ ...input, fact: typed, customerName, shopName, language }) };
  }),
  ...accountSamples.map(({ name, input }) => ({
    name,
    email: renderAccountEmail({ ...input, name: customerName, shopName, language }),
  })),
  { name: 'webhook-disabled', email: renderWebhookEmail({ ...webhook, description: product, shopName, language }) },
];

describe.each([...languages.keys()])('right-to-left text in emails in %s', (language) => {
  test.each(emailsFromRightToLeft(language))('is only inside <bdi> in $name', ({ email: { html, subject } }) => {
    const body = html.replaceAll(subject, '');
    expect(body).toContain(`<bdi>${shopName}</bdi>`);
    const rest = body.replaceAll(/<bdi>[^<]+<\/bdi>/g, '').replaceAll(/<title>.*?<\/title>|aria-label="[^"]*"/g, '');
    expect(rest).not.toMatch(/[\u0590-\u08ff\u202a-\u202e\u2066-\u2069]|bdi/);
  });
});

describe('html', () => {
  const typed = ['\u2068Ana\u2069', 'Ana\u2069', '\u2068', '"><script>', '\u202eAna', "Ana's & Bob's"];

  test.each(typed)('preserves %j in a title and an attribute', (text) => {
    const { markup } = html`<title>${text}</title><input value="${text}">`;
    const [, title, value] = /^<title>(.*)<\/title><input value="(.*)">$/.exec(markup) ?? [];
    for (const echoed of [title, value]) expect(unescaped(echoed)).toBe(text);
  });

  test('turns only closed isolates of a sentence into elements', () => {
    expect(sentence('1 × \u2068a<b\u2069, 2 × \u2068c').markup).toBe('1 × <bdi>a&lt;b</bdi>, 2 × \u2068c');
  });
});

const characters: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" };
const unescaped = (markup = '') =>
  markup.replaceAll(/&(amp|lt|gt|quot|#39);/g, (_, name) => characters[name] as string);
