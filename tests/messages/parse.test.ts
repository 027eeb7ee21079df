import fc from 'fast-check';
import { cancellationReasons, MAX_REASON_LENGTH } from '../../domain/order/order.ts';
import { parseCancelMessage, parseEditMessage, parseStatusMessage } from '../../workflows/messages/parse.ts';

const operator = { type: 'operator', id: 'temporal' };
const manager = { type: 'manager', id: 'm' };
const parsers = [
  { message: 'changeStatus', parse: parseStatusMessage, bare: { status: 'ready' } },
  { message: 'cancel', parse: parseCancelMessage, bare: {} },
];

describe('When a message is what it should be', () => {
  test.each(['waiting', 'preparation', 'ready', 'delivered'])('then %s is a change of status', (status) => {
    expect(parseStatusMessage({ status })).toEqual({
      type: 'change_status',
      to: status,
      actor: operator,
      reason: null,
    });
  });

  test.each([...cancellationReasons, null, undefined])('then %p is a reason to cancel', (reasonCode) => {
    expect(parseCancelMessage({ reasonCode })).toEqual({
      type: 'cancel',
      reasonCode: reasonCode ?? null,
      actor: operator,
      reason: null,
    });
  });

  test.each([[undefined], [null], [{}]])('then %p is a cancellation without a reason', (message) => {
    expect(parseCancelMessage(message)).toMatchObject({ type: 'cancel', reasonCode: null, reason: null });
  });

  test.each(parsers)('then $message takes along who asks, why and under which conditions', ({ parse, bare }) => {
    const key = { hash: 'h', fingerprint: 'f' };
    const attribution = { actor: manager, reason: 'ä'.repeat(MAX_REASON_LENGTH), expectedVersion: 3, key };
    expect(parse({ ...bare, ...attribution, requestId: 'r' })).toMatchObject({ ...attribution, requestId: 'r' });
  });

  test.each(parsers)('then nothing that $message does not know gets through', ({ parse, bare }) => {
    const key = { hash: 'h', fingerprint: 'f' };
    const secret = { password: 'secret' };
    const command = parse({ ...bare, ...secret, actor: { ...manager, ...secret }, key: { ...key, ...secret } });
    expect(command).toMatchObject({ actor: manager, key });
    expect(JSON.stringify(command)).not.toContain('secret');
  });
});

describe('When an operator mistypes', () => {
  const strange = ['', 'Ready', 'cancelled', 'toString', '__proto__', 0, true, ['ready'], { status: 'ready' }, null];

  test.each([...strange, undefined].map((status) => ({ status })))('then $status is no status', ({ status }) => {
    expect(parseStatusMessage({ status })).toEqual({
      refused: 'invalid_request',
      detail: '"status" must be one of waiting, preparation, ready, delivered.',
    });
  });

  test.each(strange.filter((value) => value !== null).map((reasonCode) => ({ reasonCode })))(
    'then $reasonCode is no reason code',
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

  test.each(cases)('then $message tells them of $field: $value', ({ parse, bare, field, value }) => {
    expect(parse({ ...bare, [field]: value })).toEqual({
      refused: 'invalid_request',
      detail: expect.stringContaining(`"${field}" must be`),
    });
  });
});

describe.each(parsers)('When $message gets anything at all', ({ parse, bare }) => {
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
    fc.record(
      {
        status: fc.oneof(fc.constant('ready'), fc.anything()),
        reasonCode: fc.oneof(fc.constant('other'), fc.anything()),
        actor: fc.oneof(fc.constant(manager), fc.anything()),
        reason: fc.oneof(fc.string(), fc.anything()),
        expectedVersion: fc.oneof(fc.integer(), fc.anything()),
        key: fc.oneof(fc.record({ hash: fc.string(), fingerprint: fc.string() }), fc.anything()),
        requestId: fc.oneof(fc.string(), fc.anything()),
      },
      { requiredKeys: [] },
    ),
  );

  test('then it never throws: it is a command, or a sentence for whoever typed it', () => {
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

  test('then a command survives the journey through JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: MAX_REASON_LENGTH / 2 }), (reason) => {
        const command = parse({ ...bare, reason, actor: manager });
        expect(JSON.parse(JSON.stringify(command))).toMatchObject({ reason, actor: manager });
      }),
    );
  });
});

describe('When a message has characters of two UTF-16 code units', () => {
  const today = { isStrict: true, codePoints: true };
  const before = { isStrict: true };
  const emoji = (count: number) => '☕🥐'.repeat(count / 2);
  const readers = {
    'a note': (text: string, options: object) => parseEditMessage({ note: text }, { ...before, ...options }),
    'a reason': (text: string, options: object) =>
      parseStatusMessage({ status: 'ready', reason: text }, { ...before, ...options }),
    'a reason to cancel': (text: string, options: object) =>
      parseCancelMessage({ reason: text }, { ...before, ...options }),
  };

  test.each(Object.entries(readers))('then %s may be as long as over HTTP', (_, read) => {
    expect(read(emoji(MAX_REASON_LENGTH), today)).not.toHaveProperty('refused');
    expect(read(emoji(MAX_REASON_LENGTH + 2), today)).toHaveProperty('refused', 'invalid_request');
  });

  // Their histories must replay.
  test.each(Object.entries(readers))('then an order from before counts %s as it did', (_, read) => {
    expect(read(emoji(MAX_REASON_LENGTH), before)).toHaveProperty('refused', 'invalid_request');
  });

  const nameOf = (product: string) => {
    const [id, productId] = ['0c0ffee0-0000-4000-8000-0000000000f0', '0c0ffee0-0000-4000-8000-0000000000f1'];
    const price = { amount: 100, currency: 'USD' };
    return {
      lines: [
        { id, productId, variationId: null, product, variation: null, quantity: 1, unitPrice: price, total: price },
      ],
    };
  };

  test.each([['☕'.repeat(100)], ['🥐'.repeat(100)]])('then a product may be called %s', (name) => {
    expect(parseEditMessage(nameOf(name), today)).not.toHaveProperty('refused');
  });

  test.each(['Latte\u2028Tea', 'Latte\u2029Tea', 'Latte\u0085Tea', '\u200b', ''])(
    'then a product is not called %j, which is no line or shows nothing',
    (name) => {
      expect(parseEditMessage(nameOf(name), today)).toHaveProperty('refused', 'invalid_request');
    },
  );

  test.each(['Latte\u2028Tea', '\u200b'])('then an order from before takes the name %j, as it did', (name) => {
    expect(parseEditMessage(nameOf(name), before)).not.toHaveProperty('refused');
  });
});
