import type { AccountRequestRepository } from '../../db/account-requests.ts';
import type { UnitOfWork } from '../../db/unit-of-work.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Purpose } from '../../domain/account/link.ts';
import type { PasswordCheck } from './password-check.ts';
import type { PasswordRules } from './password-rules.ts';
import type { AccountRefusal } from './refusals.ts';
import type { AccountWorkflows } from './workflows.ts';

/** The dependencies of the account service. The service calls `workflows` only outside of transactions (ADR 17). */
export interface AccountDependencies {
  users: UserRepository;
  accountRequests: AccountRequestRepository;
  unitOfWork: UnitOfWork;
  workflows: AccountWorkflows;
  passwordRules: PasswordRules;
  checkPassword: PasswordCheck;
  /** Counts an email to this address. Returns a refusal if the address gets too many emails for this purpose. */
  takeEmailQuota: (email: string, purpose: Purpose) => Promise<AccountRefusal | undefined>;
  /** Called with the id of a user whose role or sessions may have changed. */
  onAccessChanged: (userId: string) => void;
}
