import { toCloudEvent } from '../../domain/order/cloud-event.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import { MAX_LINE_NOTE_LENGTH, MAX_NOTE_LENGTH, MAX_OPTIONS } from '../../domain/order/order.ts';
import { recipientsOf } from '../../domain/order/recipients.ts';
import { MAX_NAME_LENGTH } from '../../domain/text.ts';
import { currentDetails, details, summaryOfOrder } from '../../workflows/messages/describe.ts';
import { aLine, aLineWithOptions, anOption, anOrderAt, aPlacement, factOf } from './an-order.ts';
import { actors } from './status-table.ts';

describe('an order in one line', () => {
  test('has the documented form', () => {
    expect(summaryOfOrder(aPlacement())).toBe('#42 · 2 × Latte (Vanilla), 1 × Tea · $11.60');
  });

  test('names the options of a line after its variation', () => {
    const plain = aLineWithOptions({ product: 'Tea', variation: null, quantity: 1 });
    expect(summaryOfOrder(aPlacement({ lines: [aLineWithOptions(), plain] }))).toBe(
      '#42 · 2 × Latte (Vanilla, Oat, 2 × Extra shot), 1 × Tea (Oat, 2 × Extra shot) · $11.60',
    );
  });

  test('contains no note, because notes may contain personal data', () => {
    expect(summaryOfOrder(aPlacement({ lines: [aLineWithOptions({ note: 'For Ana' })] }))).not.toContain('Ana');
  });

  test('isolates right-to-left names so that they do not reorder the text after them', () => {
    const lines = [
      aLine({ product: 'شاي', variation: null, quantity: 3 }),
      aLine({ product: 'קפה\u202e', variation: 'גדול' }),
    ];
    expect(summaryOfOrder(aPlacement({ lines }))).toMatch(
      /^#42 · 3 × \u2068شاي\u2069, 2 × \u2068קפה\u2069 \(\u2068גדול\u2069\) · \$[\d.]+$/,
    );
  });

  test('counts lines beyond four instead of showing them', () => {
    const lines = Array.from({ length: 6 }, () => aLine());
    expect(summaryOfOrder(aPlacement({ lines }))).toMatch(
      /^#42 · (2 × Latte \(Vanilla\)(, )?){4} and 2 more · \$11\.60$/,
    );
  });
});

describe('an order for an operator', () => {
  test('shows its lines as a table', () => {
    expect(details(aPlacement({ location: 'in_house', note: 'Hot, please' })).split('\n')).toEqual([
      '**In house** · online order · total **$11.60**',
      '',
      '| line | each | total |',
      '|---|---|---|',
      '| 2 × Latte (Vanilla) | $4.30 | $8.60 |',
      '| 1 × Tea | $3.00 | $3.00 |',
      '',
      '> Hot, please',
    ]);
  });

  test('shows that an order was placed at the counter', () => {
    expect(details(aPlacement({ customer: { id: null } }))).toMatch(/^\*\*Take away\*\* · counter order · /);
  });

  test('shows the options and the note of a line', () => {
    const note = 'Extra hot,\nplease';
    expect(details(aPlacement({ lines: [aLineWithOptions({ note })] })).split('\n')[4]).toBe(
      '| 2 × Latte (Vanilla, Oat, 2 × Extra shot) · “Extra hot, please” | $6.90 | $13.80 |',
    );
  });

  test('shows the status with its time and reason', () => {
    const inPreparation = anOrderAt('preparation');
    expect(currentDetails(inPreparation)).toBe(
      `**preparation** · version 2 · since 2026-11-22T09:31:00.000Z\n\n${details(inPreparation)}`,
    );
    const cancelled = { ...anOrderAt('cancelled') };
    const cancellation = { reasonCode: 'too_busy' as const, reason: null, by: actors.manager, at: cancelled.updatedAt };
    expect(currentDetails({ ...cancelled, cancellation })).toMatch(/ · too_busy$/m);
    expect(currentDetails({ ...cancelled, cancellation: { ...cancellation, reason: 'Sorry' } })).toMatch(/ · Sorry$/m);
  });

  // Customers write notes and reasons. Markdown in them must not affect what operators see.
  const smuggled =
    'x\n\n# **Paid** | ![](https://evil.example/pixel) <img src=x> [here](https://evil.example) `rm` __paid__ &lt;';
  const shapes = /(?<!\\)[[\]<`|_&]|^#|\n#|(?<!\\)\*\*Paid/;

  test('escapes Markdown in names, notes and reasons', () => {
    const line = aLine({ product: smuggled, variation: smuggled, note: smuggled });
    const placement = aPlacement({
      note: smuggled,
      lines: [{ ...line, options: [anOption({ group: smuggled, name: smuggled })] }],
    });
    const [row, , note] = details(placement).split('\n').slice(4);
    expect(row?.slice(2, -2).split(' | ')).toHaveLength(3);
    expect(row?.slice(2).split(' | $')[0]).not.toMatch(shapes);
    expect(note?.slice(2)).not.toMatch(shapes);

    const order = { ...anOrderAt('cancelled') };
    const cancellation = { reasonCode: null, reason: smuggled, by: actors.owner, at: order.updatedAt };
    const told = currentDetails({ ...order, cancellation });
    const [head = '', , ...rest] = told.split('\n');
    expect(head.slice('**cancelled**'.length)).not.toMatch(shapes);
    expect(rest.join('\n')).toBe(details(order));
  });
});

// Temporal's limits: 400 bytes for a summary, 20,000 for details, encoding included.
test.each(['x', 'é', '☕', '🥐', '"', '\\', '|', '\u2028', 'ش', '👩\u200d🍳', 'e\u0301'])(
  'fifty lines of the longest names made of %p stay within Temporal’s limits',
  (character) => {
    const longest = (max: number) => [...character.repeat(max)].slice(0, max).join('');
    const name = longest(MAX_NAME_LENGTH);
    const lines = Array.from({ length: 50 }, () => aLine({ product: name, variation: name, quantity: 99 }));
    const options = Array.from({ length: MAX_OPTIONS }, () => anOption({ group: name, name, quantity: 20 }));
    const withOptions = lines.map((line) => ({ ...line, options, note: longest(MAX_LINE_NOTE_LENGTH) }));
    const size = (text: string) => Buffer.byteLength(JSON.stringify(text));
    for (const ordered of [lines, withOptions]) {
      const placement = aPlacement({ lines: ordered, note: longest(MAX_NOTE_LENGTH), number: 999 });
      expect(size(summaryOfOrder(placement))).toBeLessThanOrEqual(380);
      expect(size(details(placement))).toBeLessThanOrEqual(17_900);
      for (const text of [summaryOfOrder(placement), ...details(placement).split('\n')]) {
        expect(text.isWellFormed()).toBe(true);
        expect(text.split('\u2068').length).toBe(text.split('\u2069').length);
      }
    }
  },
);

describe('a published event', () => {
  const placed = placeOrder(aPlacement({ key: { hash: 'h', fingerprint: 'f' }, requestId: 'r' }));

  test('is a CloudEvent of the documented form', () => {
    const lines = placed.order.lines.map((line) => ({ ...line, options: [], note: null }));
    const complete = { ...placed.order, channel: 'online', placedBy: actors.owner, lines };
    expect(toCloudEvent(placed, 'https://shop.example')).toEqual({
      specversion: '1.0',
      type: 'order.placed',
      id: `${placed.order.id}:1`,
      source: 'https://shop.example/v1/orders',
      subject: placed.order.id,
      time: placed.order.placedAt,
      datacontenttype: 'application/json',
      data: { order: complete, from: null, to: 'waiting', actor: actors.owner, reason: null },
    });
  });

  test('contains the options and the note of each line', () => {
    const line = aLineWithOptions();
    const { data } = toCloudEvent(placeOrder(aPlacement({ lines: [line] })), 'https://shop.example');
    expect(data.order.lines).toEqual([line]);
  });

  test('contains the old and new status, the actor and the reason', () => {
    const order = anOrderAt('waiting');
    const command = { type: 'cancel', actor: actors.manager, reason: 'Sorry' } as const;
    const fact = factOf(order, command, '2026-11-22T10:00:00.000Z');
    expect(toCloudEvent(fact, 'https://shop.example')).toMatchObject({
      type: 'order.cancelled',
      id: `${order.id}:2`,
      data: { from: 'waiting', to: 'cancelled', actor: actors.manager, reason: 'Sorry', order: { version: 2 } },
    });
  });

  test('contains neither an idempotency key nor a request id', () => {
    expect(JSON.stringify(toCloudEvent(placed, 'https://shop.example'))).not.toMatch(/fingerprint|requestId|"key"/);
  });
});

test.each([
  ['order.placed', ['customer', 'shop']],
  ['order.cancelled', ['customer', 'shop']],
  ['order.status_changed', ['customer']],
] as const)('emails %s to %p', (type, recipients) => {
  expect(recipientsOf({ type })).toEqual(recipients);
});
