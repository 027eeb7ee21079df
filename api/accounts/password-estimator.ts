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
 * Few common passwords have 15 characters, but many long passwords consist of common ones. zxcvbn finds the 49,000 words of
 * its list inside a password: repeated, combined, in l33t, and next to dates, keyboard patterns, sequences and names.
 */
const factory = new zxcvbn.ZxcvbnFactory({ dictionary, graphs });

/** Returns the lowest of zxcvbn's scores, 0 to 4. Runs in a worker thread of `password-rules.ts`. */
export default ({ variants, known }: Estimate): number =>
  Math.min(...variants.map((variant) => factory.check(variant, known).score));
