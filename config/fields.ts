/** The kinds of settings: zod schemas whose messages continue after a variable's name. */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

export const textLike = (form: RegExp, rule: string) => z.string(rule).regex(form, rule);

/** @param what names the number in the message, such as `a port` */
export function wholeNumber(min: number, max: number, what = 'a whole number') {
  const rule = `must be ${what} from ${min} to ${max}`;
  return textLike(/^\d{1,15}$/, rule)
    .transform(Number)
    .pipe(z.number().min(min, rule).max(max, rule));
}

/** A positive whole number without a specific limit. */
export const positive = (fallback: number) => wholeNumber(1, 1_000_000_000).default(fallback);

export const seconds = (fallback: number, max = 86_400) => wholeNumber(1, max, 'a number of seconds').default(fallback);

/** A port to listen on; 0 stands for any free port. */
export const listenPort = (fallback: number) => wholeNumber(0, 65_535, 'a port').default(fallback);

export const oneOf = <const Word extends string>(...words: Word[]) =>
  z.enum(words, `must be one of ${words.join(', ')}`);

export const secret = textLike(/^.{32,}$/s, 'must have at least 32 characters: try openssl rand -base64 32');

export const url = (...protocols: string[]) =>
  z.url({
    protocol: new RegExp(`^(${protocols.join('|')})$`),
    error: `must be a valid URL that starts with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}`,
  });

/** Returns the origin as browsers send it, with Punycode host names; undefined if the URL is more than an origin. */
export function originOf(text: string): string | undefined {
  return /^https?:\/\/[^\s/\\?#@]+\/?$/i.test(text) ? URL.parse(text)?.origin : undefined;
}

const ORIGIN = 'must be an origin of the form https://host[:port], without a path, query or user name';

export const origin = z.string(ORIGIN).transform((text, ctx) => {
  const found = originOf(text);
  if (!found) ctx.addIssue(ORIGIN);
  return found ?? z.NEVER;
});

/** Splits a text at its commas. */
export const listOf = (text: string) =>
  text
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);

/**
 * Returns whether a text is a network such as `10.0.0.0/8`. Refuses `10/8`, because programs read such abbreviations differently.
 */
export const isNetwork = (text: string) =>
  /^[\da-fA-F.:]+\/\d+$/.test(text) && isIP(text.split('/')[0] as string) > 0 && ipaddr.isValidCIDR(text);
