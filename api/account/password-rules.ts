import zxcvbn from '@zxcvbn-ts/core';
import { dictionary, adjacencyGraphs as graphs } from '@zxcvbn-ts/language-common';
import { normalizePassword } from '../../db/passwords.ts';

/** In characters (Unicode code points), normalised. A password is the only factor here, hence no less than 15 (NIST SP 800-63B). */
export const PASSWORD_LENGTH = { min: 15, max: 128 };

/** From this of zxcvbn's scores, 0 to 4, it takes more than 10^8 guesses. */
const ENOUGH = 3;

/** Estimating takes some 30 ms for this many characters and grows faster than they do; they are enough to be strong. */
const ESTIMATED = 64;

/** What a password must have besides its owner's name and address, in characters. */
const OWN_PART = 8;

const separators = /[^\p{L}\p{N}]+/u;

/**
 * Hardly a common password is as long as 15 characters, but those that are made of common ones are common, too. So this
 * takes the list of 49,000 apart and together again: repeated, continued, written in l33t, beside dates, rows of keys,
 * sequences, and what is known of the person.
 */
const estimator = new zxcvbn.ZxcvbnFactory({ dictionary, graphs });

/**
 * What is wrong with a password that somebody chooses, in a few words, if anything is.
 *
 * @param about what an attacker would try first: the person's address and name
 */
export function passwordFault(password: string, about: readonly string[]): string | undefined {
  const normalized = normalizePassword(password);
  const length = [...normalized].length;
  if (length < PASSWORD_LENGTH.min) return `must have at least ${PASSWORD_LENGTH.min} characters`;
  if (length > PASSWORD_LENGTH.max) return `must have at most ${PASSWORD_LENGTH.max} characters`;
  if (/[\p{Cc}\p{Cs}]/u.test(normalized)) return 'must not contain control characters';
  const known = [...about, ...about.flatMap((each) => each.split(separators)), 'crema', 'coffee'].filter(
    (word) => word.length > 2,
  );
  // The estimator takes a separator for a secret: with it, `password password` would be one.
  const ways = new Set([normalized, normalized.replaceAll(/[\s._,;:+-]/g, '')]);
  const scores = [...ways].map((way) => estimator.check([...way].slice(0, ESTIMATED).join(''), known).score);
  if (Math.min(...scores) >= ENOUGH && ownPart(normalized, known) >= OWN_PART) return undefined;
  return 'is too easy to guess: it is made of common passwords, repetitions or your own name; try some words that do not belong together';
}

/** How many characters of a password are not simply what is known of the person. */
function ownPart(password: string, known: readonly string[]): number {
  const rest = known
    .toSorted((one, other) => other.length - one.length)
    .reduce((left, word) => left.replaceAll(word.toLowerCase(), ''), password.toLowerCase());
  return rest.replaceAll(/\s/g, '').length;
}
