import { OutcomeUnknownError } from '../http/deadline.ts';
import type { QuotaStatus } from '../http/limits/quota.ts';
import { quotaHeaders } from '../http/middleware/rate-limits.ts';
import { invalidRequest, Problem } from '../http/problem.ts';
import { type PasswordRefusal, passwordFaults } from './password-rules.ts';

/** Why a request about an account is refused. */
export type AccountRefusal =
  | PasswordRefusal
  | {
      refused:
        | 'email_taken'
        | 'forbidden'
        | 'invalid_link'
        | 'last_manager'
        | 'not_found'
        | 'password_required'
        | 'wrong_password';
    }
  /** Too many wrong passwords, or too many emails to one address. */
  | { refused: 'rate_limited'; status: QuotaStatus }
  /** Temporal did not answer. `unavailable`: the request had no effect. `outcome_unknown`: it may have had its effect. */
  | { refused: 'unavailable' | 'outcome_unknown'; cause: unknown };

export const WRONG_PASSWORD: AccountRefusal = { refused: 'wrong_password' };
export const INVALID_LINK: AccountRefusal = { refused: 'invalid_link' };
export const LAST_MANAGER: AccountRefusal = { refused: 'last_manager' };

/** Runs work that calls Temporal. Returns the given refusal if Temporal does not answer. */
export async function orRefuse<T>(
  refused: 'unavailable' | 'outcome_unknown',
  work: () => Promise<T>,
): Promise<T | AccountRefusal> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OutcomeUnknownError) return { refused, cause: error };
    throw error;
  }
}

/**
 * Returns the result of a request.
 *
 * @param pointer the JSON pointer to the new password in the request body
 * @throws {Problem} if the request was refused
 */
export function orProblem<T extends object | undefined>(result: T | AccountRefusal, pointer = '#/password'): T {
  if (result && 'refused' in result) throw toProblem(result as AccountRefusal, pointer);
  return result as T;
}

function toProblem(refusal: AccountRefusal, pointer: string): Problem {
  switch (refusal.refused) {
    case 'weak_password':
      return invalidRequest([{ pointer, detail: passwordFaults[refusal.fault] }]);
    case 'password_required':
      return invalidRequest([{ pointer, detail: 'is required to open an account with this token' }]);
    case 'unavailable':
      return new Problem('unavailable', { cause: refusal.cause });
    case 'rate_limited': {
      const { allowance, resetsIn } = refusal.status;
      const detail = `At most ${allowance.count} of these requests are allowed in ${allowance.seconds} seconds. Try again in ${resetsIn} seconds.`;
      return new Problem('rate_limited', { detail, headers: quotaHeaders(refusal.status) });
    }
    case 'outcome_unknown': {
      const detail = 'The account may have been erased. Repeat the request: if it was, your token is no longer valid.';
      return new Problem('outcome_unknown', { detail, cause: refusal.cause });
    }
    default:
      return new Problem(refusal.refused);
  }
}
