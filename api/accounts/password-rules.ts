import { Piscina } from 'piscina';
import type { PasswordFault } from '../../domain/account/password-fault.ts';
import { lengthOf } from '../../domain/text.ts';
import { normalizePassword } from '../auth/password-hash.ts';
import type { Estimate } from './password-estimator.ts';

/** In Unicode code points, after normalization. NIST SP 800-63B requires at least 15 if the password is the only factor. */
export const PASSWORD_LENGTH = { min: 15, max: 128 };

/** The lowest accepted score of zxcvbn, from 0 to 4. Passwords with score 3 need more than 10^8 guesses. */
const MIN_SCORE = 3;

/** How many characters of a password are estimated at most. They take about 30 ms; the time grows faster than the length. */
const MAX_ESTIMATED = 64;

/** How many characters a password must have besides known words, such as its owner's name and address. */
const MIN_OWN_PART = 8;

const separators = /[^\p{L}\p{N}]+/u;

/** How long an estimate may take, in ms, including the wait in the queue and the start of the thread. */
const ESTIMATE_TIMEOUT_MS = 10_000;

/** How long the idle thread is kept, in ms. */
const IDLE_MS = 60_000;

const MAX_QUEUED = 50;

/** Why a password is refused. `unavailable`: the strength could not be estimated in time. */
export type PasswordRefusal =
  | { refused: 'weak_password'; fault: PasswordFault }
  | { refused: 'unavailable'; cause: unknown };

/** Estimates run in a worker thread, because the CPU time that they take would delay other requests. */
export function createPasswordRules(shopName: string) {
  const estimator = new Piscina<Estimate, number>({
    filename: new URL('./password-estimator.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    maxQueue: MAX_QUEUED,
  });

  return {
    /**
     * Returns why a new password is refused; undefined if it is accepted.
     *
     * @param about the user's email address and name
     */
    async refuse(password: string, about: readonly string[]): Promise<PasswordRefusal | undefined> {
      const normalized = normalizePassword(password);
      const fault = formFault(normalized);
      if (fault) return { refused: 'weak_password', fault };
      const names = [...about, shopName];
      const known = [...names, ...names.flatMap((each) => each.split(separators)), 'crema', 'coffee'].filter(
        (word) => lengthOf(word) > 2,
      );
      try {
        const signal = AbortSignal.timeout(ESTIMATE_TIMEOUT_MS);
        const score = await estimator.run({ variants: variantsOf(normalized), known }, { signal });
        if (score >= MIN_SCORE && ownPart(normalized, known) >= MIN_OWN_PART) return undefined;
      } catch (cause) {
        return { refused: 'unavailable', cause };
      }
      return { refused: 'weak_password', fault: 'too_easy' };
    },

    close: (): Promise<void> => estimator.destroy(),
  };
}

export type PasswordRules = ReturnType<typeof createPasswordRules>;

/** The texts of the faults in API responses. The texts for the pages are in `languages/`. */
export const passwordFaults: Record<PasswordFault, string> = {
  too_short: `must have at least ${PASSWORD_LENGTH.min} characters`,
  too_long: `must have at most ${PASSWORD_LENGTH.max} characters`,
  control_characters: 'must not contain control characters',
  too_easy:
    'is too easy to guess: it is made of common passwords, repetitions or your own name; try some words that do not belong together',
};

function formFault(normalized: string): PasswordFault | undefined {
  const length = lengthOf(normalized);
  if (length < PASSWORD_LENGTH.min) return 'too_short';
  if (length > PASSWORD_LENGTH.max) return 'too_long';
  return /[\p{Cc}\p{Cs}]/u.test(normalized) ? 'control_characters' : undefined;
}

/** Separators raise the score so much that `password password` would pass. So the password is also estimated without them. */
function variantsOf(normalized: string): string[] {
  const variants = new Set([normalized, normalized.replaceAll(/[\s._,;:+-]/g, '')]);
  return [...variants].map((variant) => [...variant].slice(0, MAX_ESTIMATED).join(''));
}

/** Returns the number of characters, without whitespace, that are not part of known words. */
function ownPart(password: string, known: readonly string[]): number {
  const rest = known
    .toSorted((one, other) => other.length - one.length)
    .reduce((left, word) => left.replaceAll(word.toLowerCase(), ''), password.toLowerCase());
  return lengthOf(rest.replaceAll(/\s/g, ''));
}
