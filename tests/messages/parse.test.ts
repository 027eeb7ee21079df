import fc from 'fast-check';
import { currencies, maxPrice } from '../../domain/money.ts';
import {
  cancellationReasons,
  type Line,
  type LineOption,
  MAX_LINES,
  MAX_OPTION_QUANTITY,
  MAX_OPTIONS,
  MAX_QUANTITY,
  MAX_REASON_LENGTH,
} from '../../domain/order/order.ts';
import { parseCancelMessage, parseEditMessage, parseStatusMessage } from '../../workflows/messages/parse.ts';
import { aLine, aLineWithOptions, anOption } from '../domain/an-order.ts';
import { INVISIBLE } from '../domain/invisible.ts';

const operator = { type: 'operator', id: 'temporal' };
const manager = { type: 'manager', id: 'm' };
const barista = { type: 'barista', id: 'b' };
const parsers = [
  { message: 'changeStatus', parse: parseStatusMessage, bare: { status: 'ready' } },
  { message: 'cancel', parse: parseCancelMessage, bare: {} },
];

describe('a valid message', () => {
  test.each(['waiting', 'preparation', 'ready', 'delivered'])('%s is a change of status', (status) => {
    expect(parseStatusMessage({ status })).toEqual({
      type: 'change_status',
      to: status,
      actor: operator,
      reason: null,
    });
  });

  test.each([...cancellationReasons, null, undefined])('%p is a reason to cancel', (reasonCode) => {
    expect(parseCancelMessage({ reasonCode })).toEqual({
      type: 'cancel',
      reasonCode: reasonCode ?? null,
      actor: operator,
      reason: null,
    });
  });

  test.each([[undefined], [null], [{}]])('%p is a cancellation without a reason', (message) => {
    expect(parseCancelMessage(message)).toMatchObject({ type: 'cancel', reasonCode: null, reason: null });
  });

  test.each(parsers)('$message includes the actor, the reason and the preconditions', ({ parse, bare }) => {
    const key = { hash: 'h', fingerprint: 'f' };
    const attribution = { actor: manager, reason: 'ä'.repeat(MAX_REASON_LENGTH), expectedVersion: 3, key };
    expect(parse({ ...bare, ...attribution, requestId: 'r' })).toMatchObject({ ...attribution, requestId: 'r' });
  });

  test.each(parsers)('$message drops unknown fields', ({ parse, bare }) => {
    const key = { hash: 'h', fingerprint: 'f' };
    const secret = { password: 'secret' };
    const command = parse({ ...bare, ...secret, actor: { ...manager, ...secret }, key: { ...key, ...secret } });
    expect(command).toMatchObject({ actor: manager, key });
    expect(JSON.stringify(command)).not.toContain('secret');
  });
});

describe('an operator’s typing mistake', () => {
  const strange = ['', 'Ready', 'cancelled', 'toString', '__proto__', 0, true, ['ready'], { status: 'ready' }, null];

  test.each([...strange, undefined].map((status) => ({ status })))('$status is not a status', ({ status }) => {
    expect(parseStatusMessage({ status })).toEqual({
      refused: 'invalid_request',
      detail: '"status" must be one of waiting, preparation, ready, delivered.',
    });
  });

  test.each(strange.filter((value) => value !== null).map((reasonCode) => ({ reasonCode })))(
    '$reasonCode is not a reason code',
    ({ reasonCode }) => {
      expect(parseCancelMessage({ reasonCode })).toMatchObject({ refused: 'invalid_request' });
    },
  );

  const wrong = [
    ['actor', [null, 'manager', {}, { type: 'manager' }, { type: 'boss', id: 'x' }, { type: 'manager', id: 7 }, []]],
    ['reason', [7, {}, [], true, 'x'.repeat(MAX_REASON_LENGTH + 1)]],
    ['expectedVersion', [1.5, '1', Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, {}]],
    ['key', [null, 'k', {}, { hash: 'h' }, { hash: 1, fingerprint: 'f' }, []]],
    ['requestId', [7, null, {}]],
  ] as const;
  const cases = parsers.flatMap((parser) =>
    wrong.flatMap(([field, values]) => values.map((value) => ({ ...parser, field, value: value as unknown }))),
  );

  test.each(cases)('$message reports $field: $value', ({ parse, bare, field, value }) => {
    expect(parse({ ...bare, [field]: value })).toEqual({
      refused: 'invalid_request',
      detail: expect.stringContaining(`"${field}" must be`),
    });
  });
});

describe.each(parsers)('$message with arbitrary input', ({ parse, bare }) => {
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
    fc.record(
      {
        status: fc.oneof(fc.constant('ready'), fc.anything()),
        reasonCode: fc.oneof(fc.constant('other'), fc.anything()),
        actor: fc.oneof(fc.constantFrom(manager, barista), fc.anything()),
        reason: fc.oneof(fc.string(), fc.anything()),
        expectedVersion: fc.oneof(fc.integer(), fc.anything()),
        key: fc.oneof(fc.record({ hash: fc.string(), fingerprint: fc.string() }), fc.anything()),
        requestId: fc.oneof(fc.string(), fc.anything()),
      },
      { requiredKeys: [] },
    ),
  );

  test('never throws: it returns a command or an error sentence', () => {
    fc.assert(
      fc.property(anything, (garbage) => {
        const parsed = parse(garbage);
        if ('refused' in parsed) {
          expect(parsed).toEqual({ refused: 'invalid_request', detail: expect.stringMatching(/^.{20,}\.$/) });
          return;
        }
        expect(['change_status', 'cancel']).toContain(parsed.type);
        expect(parsed.actor).toEqual({ type: expect.any(String), id: expect.any(String) });
        expect(parsed.reason === null || typeof parsed.reason === 'string').toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('returns a command that survives JSON serialization', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: MAX_REASON_LENGTH / 2 }), (reason) => {
        const command = parse({ ...bare, reason, actor: manager });
        expect(JSON.parse(JSON.stringify(command))).toMatchObject({ reason, actor: manager });
      }),
    );
  });
});

/** The parse options of new orders, and of orders that were started before a rule changed. */
const today = { isStrict: true, codePoints: true, visibleNames: true };
const beforeVisibleNames = { isStrict: true, codePoints: true };
const before = { isStrict: true };

/** An edit that adds a line. */
function editWith({ amount = 100, ...names }: { product?: string; variation?: string; amount?: number }) {
  const [id, productId, variationId] = ['f0', 'f1', 'f2'].map((end) => `0c0ffee0-0000-4000-8000-0000000000${end}`);
  const price = { amount, currency: 'USD' };
  const sold = { productId, product: 'Latte', variationId, variation: 'Oat', ...names };
  return { lines: [{ id, ...sold, quantity: 1, unitPrice: price, total: price }] };
}

/** The fields of messages that must be one visible line. */
const oneLineTexts = {
  'a product': (text: string, options: object) =>
    parseEditMessage(editWith({ product: text }), { ...before, ...options }),
  'a variation': (text: string, options: object) =>
    parseEditMessage(editWith({ variation: text }), { ...before, ...options }),
  'a request id': (text: string, options: object) =>
    parseStatusMessage({ status: 'ready', requestId: text }, { ...before, ...options }),
};

describe('characters of two UTF-16 code units', () => {
  const emoji = (count: number) => '☕🥐'.repeat(count / 2);
  const readers = {
    'a note': (text: string, options: object) => parseEditMessage({ note: text }, { ...before, ...options }),
    'a reason': (text: string, options: object) =>
      parseStatusMessage({ status: 'ready', reason: text }, { ...before, ...options }),
    'a reason to cancel': (text: string, options: object) =>
      parseCancelMessage({ reason: text }, { ...before, ...options }),
  };

  test.each(Object.entries(readers))('%s has the same limit as over HTTP', (_, read) => {
    expect(read(emoji(MAX_REASON_LENGTH), today)).not.toHaveProperty('refused');
    expect(read(emoji(MAX_REASON_LENGTH + 2), today)).toHaveProperty('refused', 'invalid_request');
  });

  // The histories of older orders must replay.
  test.each(Object.entries(readers))('an older order counts %s as before', (_, read) => {
    expect(read(emoji(MAX_REASON_LENGTH), before)).toHaveProperty('refused', 'invalid_request');
  });

  test.each(Object.entries(oneLineTexts))('%s may have 100 of them', (_, read) => {
    for (const text of ['☕'.repeat(100), '🥐'.repeat(100)]) expect(read(text, today)).not.toHaveProperty('refused');
    expect(read('🥐'.repeat(101), today)).toHaveProperty('refused', 'invalid_request');
  });
});

describe.each(Object.entries(oneLineTexts))('%s must be one visible line', (_, read) => {
  const separators = ['\n', '\v', '\u0085', '\u2028', '\u2029'].map((end) => `Latte${end}Tea`);

  test.each([...Object.values(INVISIBLE), ...separators, '', ' '])('%j is rejected', (text) => {
    expect(read(text, today)).toHaveProperty('refused', 'invalid_request');
  });

  test('an older order accepts the same values as before', () => {
    for (const text of ['Latte\u2028Tea', '\u200b']) expect(read(text, before)).not.toHaveProperty('refused');
    for (const text of ['\u0301', '\u0378', '\u{e0001}', '\u{1d173}', '\u{f0000}'])
      expect(read(text, beforeVisibleNames)).not.toHaveProperty('refused');
  });
});

describe('the most expensive line in any currency', () => {
  test('is accepted; an older order keeps its own limit', () => {
    for (const [amount, accepted] of [
      [1_980_000_000, [before, beforeVisibleNames, today]],
      [1_980_000_001, [beforeVisibleNames, today]],
      [198_000_000_000, [beforeVisibleNames, today]],
      [198_000_000_001, []],
    ] as const) {
      const readers: object[] = [before, beforeVisibleNames, today].filter(
        (options) => !('refused' in parseEditMessage(editWith({ amount }), options)),
      );
      expect({ amount, readers }).toEqual({ amount, readers: accepted });
    }
  });
});

describe('a new line with options and a note', () => {
  const everyVersion = { today, beforeVisibleNames, before, beforeStrictness: {} };
  const parse = (line: object, options: object = today) => parseEditMessage({ lines: [line] }, options);
  const uuid = (n: number) => `0c0ffee0-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const manyOptions = (count: number, option: Partial<LineOption> = {}) =>
    Array.from({ length: count }, (_, index) => anOption({ id: uuid(index), quantity: 1, ...option }));

  test.each(Object.entries(everyVersion))('is accepted by an order of any version: %s', (_, options) => {
    const line = aLineWithOptions({ note: '🥐'.repeat(200) });
    expect(parse(line, options)).toMatchObject({ type: 'edit', lines: [line] });
  });

  test('keeps no unknown fields, and neither empty options nor an invisible note', () => {
    const line = aLineWithOptions();
    const options = line.options?.map((option) => ({ ...option, secret: 1 }));
    expect(parse({ ...line, options, secret: 1 })).toHaveProperty('lines', [line]);
    for (const note of [null, '', '\u200b\u2060', undefined]) {
      const [parsed] = (parse({ ...aLine(), options: [], note }) as { lines: Line[] }).lines;
      expect(parsed).toEqual(aLine());
      expect(Object.keys(parsed!)).not.toEqual(expect.arrayContaining(['options']));
      expect(Object.keys(parsed!)).not.toEqual(expect.arrayContaining(['note']));
    }
  });

  test.each<[string, object]>([
    ['options that are not a list', { options: 'Oat' }],
    ['more than 20 options', { options: manyOptions(MAX_OPTIONS + 1, { unitPrice: { amount: 0, currency: 'USD' } }) }],
    ['an option twice', { options: [anOption(), anOption()] }],
    ['an option without a valid id', { options: [anOption({ id: 'oat' })] }],
    ['an option without a visible name', { options: [anOption({ name: '\u200b' })] }],
    ['an option without the name of its group', { options: [{ ...anOption(), group: undefined }] }],
    ['a quantity of 0', { options: [anOption({ quantity: 0 })] }],
    ['a quantity of 21', { options: [anOption({ quantity: MAX_OPTION_QUANTITY + 1 })] }],
    ['an option in another currency', { options: [anOption({ unitPrice: { amount: 1, currency: 'EUR' } })] }],
    ['an option with a negative price', { options: [anOption({ unitPrice: { amount: -1, currency: 'USD' } })] }],
    ['options that cost more than the line', { options: [anOption({ unitPrice: { amount: 691, currency: 'USD' } })] }],
    ['a note of 201 characters', { note: '🥐'.repeat(201) }],
    ['a note with control characters', { note: 'hot\u0000' }],
    ['a note that is not a text', { note: 7 }],
  ])('is rejected with %s', (_, fields) => {
    for (const options of Object.values(everyVersion)) {
      expect(parse({ ...aLineWithOptions(), ...fields }, options)).toHaveProperty('refused', 'invalid_request');
    }
  });

  test('may cost as much as the most expensive product with the most expensive options', () => {
    const dearest = Math.max(...currencies.map(maxPrice));
    const unit = { amount: dearest * (2 + MAX_OPTIONS * MAX_OPTION_QUANTITY), currency: 'CLF' };
    const options = manyOptions(MAX_OPTIONS, {
      quantity: MAX_OPTION_QUANTITY,
      unitPrice: { amount: dearest, currency: 'CLF' },
    });
    const total = { amount: unit.amount * MAX_QUANTITY, currency: 'CLF' };
    const line = aLine({ quantity: MAX_QUANTITY, options, unitPrice: unit, total });
    for (const version of Object.values(everyVersion)) expect(parse(line, version)).not.toHaveProperty('refused');
    expect(Number.isSafeInteger(total.amount * MAX_LINES)).toBe(true);
    const tooMuch = { amount: total.amount + MAX_QUANTITY, currency: 'CLF' };
    const above = { ...line, unitPrice: { ...unit, amount: unit.amount + 1 }, total: tooMuch };
    expect(parse(above)).toHaveProperty('refused', 'invalid_request');
    expect(parse({ ...line, options: [] })).toHaveProperty('refused', 'invalid_request');
  });

  test('never makes the parser throw', () => {
    const arbitraryLine = fc.record({
      options: fc.oneof(fc.anything(), fc.array(fc.oneof(fc.constant(anOption()), fc.anything()))),
      note: fc.oneof(fc.string(), fc.anything()),
    });
    fc.assert(
      fc.property(arbitraryLine, (fields) => {
        const parsed = parse({ ...aLineWithOptions(), ...fields });
        if ('refused' in parsed) expect(parsed.refused).toBe('invalid_request');
        else expect(JSON.parse(JSON.stringify(parsed))).toMatchObject({ lines: [{ product: 'Latte' }] });
      }),
      { numRuns: 2_000 },
    );
  });
});
