import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { cut, isOneLine, isolate, isText, isVisible, lengthOf, ONE_LINE, toJsonLine } from '../../domain/text.ts';
import { INVISIBLE } from './invisible.ts';

const anyText = fc.string({ unit: 'binary' });

/** The line ends of Python's `splitlines()`, which splits at more characters than other line readers. */
const LINE_ENDS = ['\n', '\r', '\v', '\f', '\u001c', '\u001d', '\u001e', '\u0085', '\u2028', '\u2029'];

describe('JSON on one line', () => {
  test('contains no line separators and parses to the same value', () => {
    const withEnds = fc.array(fc.oneof(fc.constantFrom(...LINE_ENDS), anyText)).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.record({ note: withEnds, lines: fc.array(fc.dictionary(withEnds, withEnds)) }), (value) => {
        const json = toJsonLine(value);
        expect(LINE_ENDS.filter((end) => json.includes(end))).toEqual([]);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test('is one line to Node’s readline', async () => {
    const value = { note: LINE_ENDS.join('no sugar') };
    const read: unknown[] = [];
    for await (const line of createInterface(Readable.from(`${toJsonLine(value)}\n`))) read.push(JSON.parse(line));
    expect(read).toEqual([value]);
  });
});

describe('limiting the length of a text', () => {
  test.each(['x', 'é', '☕', '🥐', '𝕏'])('accepts exactly as many %s as the limit', (character) => {
    expect(isText(character.repeat(100), ONE_LINE, 100)).toBe(true);
    expect(isText(character.repeat(101), ONE_LINE, 100)).toBe(false);
  });

  test('counts as JSON Schema does', () => {
    fc.assert(fc.property(anyText, (text) => expect(lengthOf(text)).toBe(Array.from(text).length)));
  });
});

describe('visible characters', () => {
  test.each(Object.entries(INVISIBLE))('%s alone is not visible, but is allowed beside a letter', (_, text) => {
    expect(isVisible(text.repeat(3))).toBe(false);
    expect(isOneLine(text.repeat(3), 100)).toBe(false);
    expect(isVisible(`${text}a${text}`)).toBe(true);
  });

  test.each(['a', '7', '?', '☕', '🇧🇷', '👩‍🍳', 'ش', '가', '\ufffd', '…'])('%s is visible', (text) => {
    expect(isVisible(text)).toBe(true);
    expect(isOneLine(text, 100)).toBe(true);
  });

  test('the documented pattern accepts every text of one visible line', () => {
    const lines = anyText.filter((text) => isVisible(text) && !/[\p{Cc}\u2028\u2029]/u.test(text));
    fc.assert(
      fc.property(lines, (line) => expect(ONE_LINE.test(line)).toBe(true)),
      { numRuns: 2_000 },
    );
  });
});

describe('user text inside a sentence', () => {
  test.each(['Latte', 'Café (grande)', '拿铁', '☕ 2 × 3'])('leaves %s unchanged', (text) => {
    expect(isolate(text)).toBe(text);
  });

  test.each(['شاي', 'תה', 'Latte שקדים', '۳', 'ޗައި', 'ߘߌ߬', '𞤀𞤁'])('isolates %s', (text) => {
    expect(isolate(text)).toBe(`\u2068${text}\u2069`);
  });

  test('does not let control characters affect the text after it', () => {
    const controls = fc.constantFrom(
      '\u202a',
      '\u202b',
      '\u202c',
      '\u202d',
      '\u202e',
      '\u2066',
      '\u2067',
      '\u2068',
      '\u2069',
    );
    const typed = fc.array(fc.oneof(controls, fc.constantFrom('שלום', 'a', '3', '\n'))).map((parts) => parts.join(''));
    fc.assert(
      fc.property(typed, (text) => {
        expect(isolate(text)).toMatch(
          /^(\u2068[^\n\u202a-\u202e\u2066-\u2069]+\u2069|[^\n\u202a-\u202e\u2066-\u2069]*)$/,
        );
      }),
    );
  });
});

describe('truncating a text', () => {
  test.each([
    ['👩‍🍳👩‍🍳👩‍🍳', 7, '👩‍🍳👩‍🍳…'],
    ['e\u0301e\u0301e\u0301', 4, 'e\u0301…'],
    ['🇧🇷🇵🇹🇯🇵', 4, '🇧🇷…'],
    ['\u2068שלום\u2069, 2', 5, '\u2068של…\u2069'],
    ['Latte', 5, 'Latte'],
  ])('keeps characters and isolates of %j whole at %d code points', (text, max, expected) => {
    expect(cut(text, max)).toBe(expected);
  });

  test('is never longer than the limit and well-formed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, max) => {
        expect(lengthOf(cut(text, max))).toBeLessThanOrEqual(max);
        expect(cut(text, max).isWellFormed()).toBe(true);
      }),
    );
  });
});
