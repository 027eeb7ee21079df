import { quotaHeaders } from '../http/middleware/rate-limits.ts';
import { invalidRequest, Problem } from '../http/problem.ts';
import { passwordFaults } from './password-rules.ts';
import type { AccountService } from './service.ts';

type Refused = Extract<Awaited<ReturnType<AccountService[keyof AccountService]>>, { refused: string }>;

/** A refusal as a problem. @param pointer where in the body a new password stands */
export function refusal(refused: Refused, pointer = '#/password'): Problem {
  switch (refused.refused) {
    case 'weak_password':
      return invalidRequest([{ pointer, detail: passwordFaults[refused.fault] }]);
    case 'unavailable':
      return new Problem('unavailable', { cause: refused.cause });
    case 'rate_limited': {
      const { allowance, resetsIn } = refused.status;
      const detail = `At most ${allowance.count} of these requests in ${allowance.seconds} seconds are allowed. Try again in ${resetsIn} seconds.`;
      return new Problem('rate_limited', { detail, headers: quotaHeaders(refused.status) });
    }
    case 'password_required':
      return invalidRequest([{ pointer, detail: 'is required to open an account with this token' }]);
    case 'outcome_unknown': {
      const detail = 'The request may have taken effect. Repeat it: if it took effect, your token has become invalid.';
      return new Problem('outcome_unknown', { detail, cause: refused.cause });
    }
    default:
      return new Problem(refused.refused);
  }
}
