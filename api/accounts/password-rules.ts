import { Piscina } from 'piscina';
import type { PasswordFault } from '../../domain/account/password-fault.ts';
import { lengthOf } from '../../domain/text.ts';
import { normalizePassword } from '../auth/passwords.ts';
import type { Estimate } from './password-estimator.ts';

/** In characters (Unicode code points), normalised. A password is the only factor here, hence no less than 15 (NIST SP 800-63B). */
export const PASSWORD_LENGTH = { min: 15, max: 128 };

/** From this of zxcvbn's scores, 0 to 4, it takes more than 10^8 guesses. */
const ENOUGH = 3;

/** Estimating takes some 30 ms for this many characters and grows faster than they do; they are enough to be strong. */
const ESTIMATED = 64;

/** What a password must have besides its owner's name and address, in characters. */
const OWN_PART = 8;

const separators = /[^\p{L}\p{N}]+/u;

/** How long an estimate may take, in ms, including its time in the queue and the start of the thread. */
const DEADLINE_MS = 10_000;

/** For how long the thread waits for another password before it ends, in ms: people seldom choose one. */
const IDLE_MS = 60_000;

/** How many estimates may wait in the queue. */
const MAX_QUEUED = 50;

/** Why a password is refused. `unavailable`: too many others are being estimated. */
export type PasswordRefusal =
  | { refused: 'weak_password'; fault: PasswordFault }
  | { refused: 'unavailable'; cause: unknown };

/** The rules for passwords that people choose. */
export interface PasswordRules {
  /**
   * Checks a password. Returns `undefined` if it may be used.
   *
   * @param about what an attacker would try first: the person's address and name
   */
  refuse(password: string, about: readonly string[]): Promise<PasswordRefusal | undefined>;
  close(): Promise<void>;
}

/**
 * Some passwords take half a second of processor time to estimate, so a thread does it: no other request waits for it.
 *
 * @param shopName what an attacker would try with everybody's password
 */
export function createPasswordRules(shopName: string): PasswordRules {
  const estimator = new Piscina<Estimate, number>({
    filename: new URL('./password-estimator.ts', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    idleTimeout: IDLE_MS,
    maxQueue: MAX_QUEUED,
  });

  async function refuse(password: string, about: readonly string[]): Promise<PasswordRefusal | undefined> {
    const normalized = normalizePassword(password);
    const fault = formFault(normalized);
    if (fault) return { refused: 'weak_password', fault };
    const names = [...about, shopName];
    const known = [...names, ...names.flatMap((each) => each.split(separators)), 'crema', 'coffee'].filter(
      (word) => lengthOf(word) > 2,
    );
    try {
      const signal = AbortSignal.timeout(DEADLINE_MS);
      const score = await estimator.run({ variants: variantsOf(normalized), known }, { signal });
      if (score >= ENOUGH && ownPart(normalized, known) >= OWN_PART) return undefined;
    } catch (cause) {
      return { refused: 'unavailable', cause };
    }
    return { refused: 'weak_password', fault: 'too_easy' };
  }

  return { refuse, close: () => estimator.destroy() };
}

/** What a client of the API gets to read; the pages have these in every language. */
export const passwordFaults: Record<PasswordFault, string> = {
  too_short: `must have at least ${PASSWORD_LENGTH.min} characters`,
  too_long: `must have at most ${PASSWORD_LENGTH.max} characters`,
  control_characters: 'must not contain control characters',
  too_easy:
    'is too easy to guess: it is made of common passwords, repetitions or your own name; try some words that do not belong together',
};

/** What is wrong with a password whatever it means. */
function formFault(normalized: string): PasswordFault | undefined {
  const length = lengthOf(normalized);
  if (length < PASSWORD_LENGTH.min) return 'too_short';
  if (length > PASSWORD_LENGTH.max) return 'too_long';
  return /[\p{Cc}\p{Cs}]/u.test(normalized) ? 'control_characters' : undefined;
}

/** The estimator takes a separator for a secret: with it, `password password` would be one. So it also reads the password without. */
function variantsOf(normalized: string): string[] {
  const variants = new Set([normalized, normalized.replaceAll(/[\s._,;:+-]/g, '')]);
  return [...variants].map((variant) => [...variant].slice(0, ESTIMATED).join(''));
}

/** How many characters of a password are not simply what is known of the person. */
function ownPart(password: string, known: readonly string[]): number {
  const rest = known
    .toSorted((one, other) => other.length - one.length)
    .reduce((left, word) => left.replaceAll(word.toLowerCase(), ''), password.toLowerCase());
  return lengthOf(rest.replaceAll(/\s/g, ''));
}
