import zxcvbn from '@zxcvbn-ts/core';
import { dictionary, adjacencyGraphs as graphs } from '@zxcvbn-ts/language-common';

/** The input of an estimate. */
export interface Estimate {
  /** The password, written in several ways. */
  variants: string[];
  /** What an attacker would try first. */
  known: string[];
}

/**
 * Hardly a common password is as long as 15 characters, but those that are made of common ones are common, too. So this
 * takes the list of 49,000 apart and together again: repeated, continued, written in l33t, beside dates, rows of keys,
 * sequences, and what is known of the person.
 */
const factory = new zxcvbn.ZxcvbnFactory({ dictionary, graphs });

/** Runs in a thread of its own, see `password-rules.ts`. Returns the lowest of zxcvbn's scores, 0 to 4. */
export default ({ variants, known }: Estimate): number =>
  Math.min(...variants.map((variant) => factory.check(variant, known).score));
