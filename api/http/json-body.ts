import { bodyParser } from '@koa/bodyparser';
import type { Context } from 'koa';
import { type Fault, Problem } from './problem.ts';

/**
 * Default limit of a request body, in bytes. The largest valid order has 200,000 without whitespace: 50 lines, each with 20
 * options and a note of 200 emoji in JSON's ASCII escapes, and a note of 500 emoji. The rest is for indentation.
 */
export const DEFAULT_BODY_LIMIT = 300_000;

export interface BodyOptions {
  /** A media type that is accepted besides JSON; the content must still be JSON. */
  bodyAlso?: 'text/plain';
  /** Limit of the body, in bytes, if the default is too small. */
  bodyLimit?: number;
}

/**
 * Reads the request body as JSON.
 *
 * @returns the value, or the fault of a malformed body. The value is `undefined` for an empty body and for `null`, which some
 * generated clients send instead of an empty body.
 * @throws {Problem} `payload_too_large`, `unsupported_media_type`
 */
export async function readJson(
  ctx: Context,
  { bodyLimit = DEFAULT_BODY_LIMIT, bodyAlso }: BodyOptions,
): Promise<{ value?: unknown; fault?: Fault }> {
  const types = ['json', ...(bodyAlso ? [bodyAlso] : [])];
  const type = ctx.request.length === 0 ? null : ctx.request.is(types);
  if (type === null) return {};
  if (type === false || !/^(utf-?8)?$/i.test(ctx.request.charset)) throw unsupported('The body must be JSON in UTF-8.');
  try {
    await textReader(bodyLimit)(ctx as never, async () => {});
    const { body } = ctx.request as { body?: unknown };
    const text = utf8.decode(Buffer.from(String(body), 'latin1'));
    return text === '' ? {} : { value: JSON.parse(text) ?? undefined };
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === 413) {
      throw new Problem('payload_too_large', { detail: `The body must be at most ${bodyLimit} bytes.` });
    }
    if (status === 415) throw unsupported('The body must be uncompressed, or compressed with gzip, deflate or br.');
    return { fault: { pointer: '#', detail: 'The body is not valid JSON in UTF-8.' } };
  }
}

const unsupported = (detail: string) =>
  new Problem('unsupported_media_type', { detail, headers: { accept: 'application/json' } });

/**
 * Reads the body as Latin-1 text, which preserves every byte. The parser's own JSON mode would reject `__proto__` as malformed
 * and replace invalid UTF-8 without an error.
 */
const textReader = (limit: number) =>
  bodyParser({
    enableTypes: ['text'],
    extendTypes: { text: ['application/json', 'text/plain'] },
    textLimit: `${limit}b`,
    encoding: 'latin1',
    parsedMethods: ['POST', 'PATCH', 'DELETE'],
    onError: (error, { req }) => {
      // Reads and discards the rest of the body, because a client that is still sending would otherwise not receive the
      // response.
      req.unpipe();
      req.resume();
      throw error;
    },
  });

const utf8 = new TextDecoder('utf-8', { fatal: true });
