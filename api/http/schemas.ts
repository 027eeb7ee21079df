import { z } from 'zod';
import { maxPrice, samplePrice } from '../../domain/money.ts';
import { FREE_TEXT, isOneLine, isVisible, lengthOf, ONE_LINE } from '../../domain/text.ts';
import { languages } from '../../languages/index.ts';
import { amountsIn } from '../docs/currency.ts';
import { expectedVersions, IF_MATCH } from './entity-tags.ts';

/** A UUID, converted to lower case, because ids are compared as text. */
export const id = z.uuid().toLowerCase();

export const timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC' });

/** A whole number in a query, in digits only. */
export const digits = (min: number, max: number) =>
  z.preprocess(
    (text) => (typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : text),
    z
      .int({ error: ({ code }) => (code === 'invalid_type' ? 'must be a whole number, in digits' : undefined) })
      .min(min)
      .max(max),
  );

/** A time from a client, with any offset. Converted to upper case, because RFC 3339 also allows lower-case letters. */
export const instant = z
  .string()
  .toUpperCase()
  .check(z.iso.datetime({ offset: true }))
  .meta({ format: 'date-time' });

/** More than any possible total, and less than the largest integer that JavaScript counts exactly. */
const MAX_AMOUNT = 1_000_000_000_000_000;

export const money = z
  .strictObject({
    amount: z
      .int()
      .min(0)
      .max(MAX_AMOUNT)
      .meta({ description: `In minor units: ${amountsIn('USD')}` }),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code such as USD')
      .meta({ description: 'ISO 4217' }),
  })
  .meta({ id: 'Money', examples: [{ amount: 430, currency: 'USD' }] });

/** A price that a client may set: in the shop's currency, up to the highest price of a product. */
export const priceIn = (currency: string) =>
  z
    .strictObject({
      amount: z
        .int()
        .min(0)
        .max(maxPrice(currency))
        .meta({ description: `In minor units: ${amountsIn(currency)}` }),
      currency: z.literal(currency).meta({ description: 'The currency of the shop, ISO 4217' }),
    })
    .meta({ id: 'Price', examples: [samplePrice(430, currency)] });

const text = (max: number) =>
  z
    .string()
    // The other checks are skipped for a text that is too long, as they would take time.
    .max(max, { abort: true })
    .trim()
    .refine((value) => value.isWellFormed(), { abort: true, error: 'must not contain unpaired surrogates' });

const NOT_VISIBLE = 'must have at least one visible character';
const SEVERAL_LINES = 'must be one line: no line breaks, line separators or other control characters';

/** One line of text in NFC, trimmed: at least one visible character, no control characters. */
export const oneLine = (max: number) =>
  text(max)
    .min(1, { abort: true, error: NOT_VISIBLE })
    .normalize('NFC')
    // Some characters have a longer form in NFC.
    .refine((value) => lengthOf(value) <= max, { abort: true, error: `must have at most ${max} characters in NFC` })
    .refine((value) => isOneLine(value, max), {
      error: ({ input }) => (/[\p{Cc}\u2028\u2029]/u.test(String(input)) ? SEVERAL_LINES : NOT_VISIBLE),
    })
    .meta({ pattern: ONE_LINE.source });

/** Text of several lines. Line breaks and tabs are the only allowed control characters. Invisible text becomes empty. */
export const freeText = (max: number) =>
  text(max)
    .regex(FREE_TEXT, 'must not contain control characters')
    .overwrite((value) => (isVisible(value) ? value : ''));

/** Returns the schema of a change of at least one of the fields. */
export const changeOf = <Fields extends z.ZodRawShape>(fields: Fields) =>
  z
    .strictObject(fields)
    .partial()
    .refine((change) => Object.keys(change).length > 0, 'must change something')
    .meta({ minProperties: 1, description: 'At least one field. Omitted fields do not change' });

/** RFC 9110 §13.1.1: `*`, or one or more entity tags. */
export const ifMatch = z
  .string()
  .regex(IF_MATCH, 'must be * or entity tags such as "3"')
  .transform(expectedVersions)
  .optional()
  .meta({
    description: 'The `ETag` that you read, quotes included. The request fails with 412 if the version has changed',
    examples: ['"3"'],
  });

/** `If-None-Match`: `*`, or one or more entity tags (RFC 9110 §13.1.2). */
export const ifNoneMatch = z
  .string()
  .optional()
  .meta({ description: 'The `ETag` that you have. The response is 304 if it has not changed', examples: ['"3"'] });

/** A language of the shop's emails. */
export const language = z.enum([...languages.keys()], `must be one of ${[...languages.keys()].join(', ')}`).meta({
  id: 'Language',
  description: 'The ISO 639 code of a language of the shop’s emails, such as `en` or `pt`',
  examples: ['pt'],
});

/** `Accept-Language` (RFC 9110 §12.5.4). Parsed to the preferred supported language, regardless of region, or to undefined. */
export const acceptLanguage = z
  .string()
  .optional()
  .transform((header = '') => {
    const asked = header.split(',').map((part) => {
      const [range = '', quality = 'q=1'] = part.split(';').map((text) => text.trim().toLowerCase());
      return { code: range.split('-')[0] ?? '', weight: Number(quality.replace(/^q=/, '')) || 0 };
    });
    const byWeight = asked.toSorted((one, other) => other.weight - one.weight);
    return byWeight.find(({ code, weight }) => weight > 0 && languages.has(code))?.code;
  })
  .meta({ description: 'Used if the body has no `language`', examples: ['pt-BR,pt;q=0.9,en;q=0.5'] });

/** `Idempotency-Key`. The IETF draft puts the key in quotes. Here, they are optional and not part of the key. */
export const idempotencyKey = z
  .string()
  .regex(/^("[\x21\x23-\x7e]{1,255}"|[\x21\x23-\x7e]{1,255})$/, 'must be 1 to 255 visible characters')
  .transform((key) => key.replaceAll('"', ''))
  .optional()
  .meta({
    description:
      'Makes a retry safe: a repeated request with the same key has no further effect and returns the first response. ' +
      'Use a new key, such as a random UUID, for each new request.',
    examples: ['8e03978e-40d5-4f3c-a1b2-6d9c7e5f4a31'],
  });

/** `Prefer` (RFC 7240). Preferences besides `respond-async` are ignored. */
export const prefer = z
  .string()
  .max(200)
  .optional()
  .meta({
    description: '`respond-async`: return 202 without waiting for the outcome of the change',
    examples: ['respond-async'],
  });

/** A timeline entry with all fields null. Each kind of entry sets its own fields. */
export const emptyTimelineEntry = {
  version: null,
  actor: null,
  from: null,
  to: null,
  reason: null,
  channel: null,
  recipient: null,
  attempt: null,
  outcome: null,
  changes: null,
  deliveryId: null,
  attempts: null,
};
