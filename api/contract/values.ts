import { z } from 'zod';
import { MAX_PRICE } from '../../domain/catalog/product.ts';

export const id = z.uuid().meta({ example: '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10' });

export const timestamp = z.iso.datetime().meta({ description: 'RFC 3339, UTC', example: '2026-11-22T09:30:00.000Z' });

export const money = z
  .strictObject({
    amount: z.int().min(0).meta({ description: 'Integer minor units: 430 is 4.30', example: 430 }),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/)
      .meta({ description: 'ISO 4217', example: 'USD' }),
  })
  .meta({ id: 'Money' });

/** Money that a client may set: the shop's own currency, up to 100,000.00. */
export const priceIn = (currency: string) =>
  z
    .strictObject({
      amount: z.int().min(0).max(MAX_PRICE).meta({ description: 'Integer minor units: 430 is 4.30', example: 430 }),
      currency: z.literal(currency),
    })
    .meta({ id: 'Price' });

/** A single line of text that somebody reads: no control characters, no blank ends. */
export const oneLine = (max: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(max)
    .regex(/^\P{Cc}*$/u, 'must not contain line breaks or other control characters');

/** A free text of some lines; NUL is the one character that Postgres cannot keep. */
export const freeText = (max: number) =>
  z
    .string()
    .trim()
    .max(max)
    .regex(/^[^\0]*$/, 'must not contain NUL');

/** RFC 9110 §13.1.1: `*`, or the `ETag` that was read. */
export const ifMatch = z
  .string()
  .regex(/^(\*|(W\/)?"[^"]*")$/, 'must be * or one entity tag such as "3"')
  .optional()
  .meta({ description: 'Refuse with 412 unless it is still at this version', example: '"3"' });

/** The IETF draft of the header allows quotes around it; both forms mean the same key. */
export const idempotencyKey = z
  .string()
  .regex(/^("[\x21\x23-\x7e]{1,255}"|[\x21\x23-\x7e]{1,255})$/, 'must be 1 to 255 visible characters')
  .transform((key) => key.replaceAll('"', ''))
  .optional()
  .meta({ description: 'Makes a retry safe: the same key never does the same thing twice', example: '8e03978e-40d5' });
