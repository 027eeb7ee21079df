import zxcvbn from '@zxcvbn-ts/core';
import { dictionary, adjacencyGraphs as graphs } from '@zxcvbn-ts/language-common';

/** The input of an estimate. */
export interface Estimate {
  /** The password, with and without separators. */
  variants: string[];
  /** Words that an attacker would try first. */
  known: string[];
}

/**
 * Passwords have at least 15 characters. Few common passwords are that long, but many long passwords consist of common ones.
 * So zxcvbn looks for 49,000 common passwords inside a password: repeated, combined, in l33t, and next to dates, keyboard
 * patterns, sequences and names.
 */
const factory = new zxcvbn.ZxcvbnFactory({ dictionary, graphs });

/** Returns the lowest score of the variants, from 0 (easiest to guess) to 4. Runs in a worker thread of `password-rules.ts`. */
export default ({ variants, known }: Estimate): number =>
  Math.min(...variants.map((variant) => factory.check(variant, known).score));
