import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import type { AccountRequest, AccountRequestRepository } from '../../db/account-requests.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { User, UserRepository } from '../../db/users.ts';
import type { AccountEmailRequest } from '../../domain/account/account-request.ts';
import { forgotPage, lifetimes, linkTo } from '../../domain/account/link.ts';
import { type AccountEmailInput, renderAccountEmail } from '../../mail/templates/account-email.ts';
import type { Mailer, SendResult } from './mailer.ts';
import type { ShopSettings } from './shop-settings.ts';

interface Dependencies extends Pick<ShopSettings, 'shopLanguage' | 'shopName'> {
  accountRequests: AccountRequestRepository;
  users: Pick<UserRepository, 'findWithPassword' | 'findByEmail'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  mailer: Mailer;
  /** Base URL of the shop's pages. */
  publicUrl: string;
}

type Kind = AccountEmailInput['kind'];
type Addressee = Pick<User, 'email' | 'name' | 'language'>;

/** The number of attempts that wait until the new password is saved. With the pauses of `EMAIL_RETRY`, they take about a minute. */
const MAX_PASSWORD_CHECKS = 6;

/** `suppressed`: the address gets no email; `unneeded`: there is no email to send, or it was sent before. */
type AccountEmailResult = SendResult['outcome'] | 'suppressed' | 'unneeded';

/**
 * Returns the activity that sends an email about an account. The activity, not the API, looks up the account, so that the API's
 * response and its timing do not reveal whether the account exists. Each attempt creates a new token for the link, because
 * Postgres stores only the hash of an earlier token.
 */
export function createAccountEmail(dependencies: Dependencies) {
  const { accountRequests, users, suppressions, mailer, shopLanguage, shopName, publicUrl } = dependencies;

  return async (request: AccountEmailRequest): Promise<AccountEmailResult> => {
    const outcome = await (request.about === 'request' ? answer(request.requestId) : notify(request));
    log.info('account email', { ...request, outcome });
    return outcome;
  };

  async function notify(request: Exclude<AccountEmailRequest, { about: 'request' }>): Promise<AccountEmailResult> {
    const { about, userId } = request;
    const found = await users.findWithPassword(userId);
    if (!found) return 'unneeded';
    const { attempt, workflowExecution } = activityInfo();
    if (about === 'password_changed' && found.password.version < (request.passwordVersion ?? 0)) {
      // The API starts this workflow before it saves the password, so the password may not be saved yet.
      if (attempt > MAX_PASSWORD_CHECKS) return 'unneeded';
      throw new Error('The password has not changed yet.');
    }
    return send(workflowExecution?.workflowId ?? userId, found.user, about, forgotPage(publicUrl));
  }

  async function answer(requestId: string): Promise<AccountEmailResult> {
    const request = await accountRequests.find(requestId);
    if (!request || request.mailedAt) return 'unneeded';
    const user = await users.findByEmail(request.email);
    const kind = kindOf(request, user);
    if (!kind) {
      await accountRequests.close(requestId);
      return 'unneeded';
    }
    const link = kind === 'known' ? forgotPage(publicUrl) : await issueLink(request, user);
    const outcome = await send(`account-mail-${requestId}`, addresseeOf(request, user), kind, link);
    const isArriving = outcome === 'sent' || outcome === 'unanswered';
    if (isArriving && kind !== 'known') await accountRequests.markMailed(requestId);
    else await accountRequests.close(requestId);
    return outcome;
  }

  async function issueLink({ id, purpose, userId }: AccountRequest, user: User | undefined): Promise<string> {
    const token = await accountRequests.issueLink(id, lifetimes[purpose], userId ?? user?.id);
    return linkTo(publicUrl, purpose, token);
  }

  async function send(eventId: string, to: Addressee, kind: Kind, link: string): Promise<AccountEmailResult> {
    if (await suppressions.reasonFor(to.email)) return 'suppressed';
    const { name, language } = to;
    const content = renderAccountEmail({ kind, name, link, language: language ?? shopLanguage, shopName });
    const email = { to: to.email, toName: name, eventId, recipient: kind, ...content };
    return (await mailer.send(email, cancellationSignal())).outcome;
  }
}

/** Returns the kind of email that answers a request; undefined for a password reset if the address has no account. */
function kindOf({ purpose }: AccountRequest, user: User | undefined): Kind | undefined {
  if (purpose === 'reset') return user && 'reset';
  return user ? 'known' : purpose;
}

function addresseeOf({ purpose, email, name, language }: AccountRequest, user: User | undefined): Addressee {
  if (user) return user;
  // Anyone can enter another person's address and any text as the name, so the email must not contain that name.
  return { email, name: purpose === 'registration' ? '' : (name ?? ''), language };
}
