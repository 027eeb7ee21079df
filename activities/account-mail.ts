import { activityInfo, cancellationSignal, log } from '@temporalio/activity';
import type { AccountRequest, AccountRequestRepository } from '../db/account-requests.ts';
import type { EmailSuppressions } from '../db/email-suppressions.ts';
import type { User, UserRepository } from '../db/users.ts';
import type { AccountMailRequest } from '../domain/account/account-request.ts';
import { forgotPage, lifetimes, linkTo } from '../domain/account/link.ts';
import { type AccountEmailInput, renderAccountEmail } from '../mail/templates/account-email.ts';
import { type Mailer, PermanentRefusal, Unanswered } from './email/mailer.ts';
import { withHeartbeats } from './email/with-heartbeats.ts';

interface Dependencies {
  accountRequests: AccountRequestRepository;
  users: Pick<UserRepository, 'findWithPassword' | 'findByEmail'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  mailer: Mailer;
  /** What is written to who has asked for no other language: ISO 639. */
  shopLanguage: string;
  /** The shop's name, as people know it. */
  shopName: string;
  /** Where people see the shop: links lead there. */
  publicUrl: string;
}

/** Whom a mail is to, what it says, and whether its link confirms something. */
interface Letter {
  to: string;
  name: string;
  content: Omit<AccountEmailInput, 'shopName'>;
  confirms: boolean;
}

/** Attempts to wait for the new password, about a minute by the workflow's retries; then its change is taken to have failed. */
const ATTEMPTS_TO_CHANGE = 6;

/**
 * `unneeded`: nobody is to get a mail, or they have it already; `suppressed`: their address takes none; `unanswered`: it may
 * have arrived, and whoever waits for it can ask again.
 */
type Outcome = 'sent' | 'refused' | 'suppressed' | 'unanswered' | 'unneeded';

/**
 * Mails one request of an account. Whether there is an account is found out here, and not while somebody waits for an
 * answer. A link's token is made for each attempt and stands nowhere but in the mail.
 */
export function createAccountMail(dependencies: Dependencies) {
  const { accountRequests, users, suppressions, mailer, publicUrl } = dependencies;
  return async (request: AccountMailRequest): Promise<Outcome> => {
    const outcome = await withHeartbeats(() =>
      request.about === 'request' ? answer(request.requestId) : notify(request),
    );
    log.info('account mail', { ...request, outcome });
    return outcome;
  };

  async function notify(request: Exclude<AccountMailRequest, { about: 'request' }>): Promise<Outcome> {
    const { about, userId } = request;
    const found = await users.findWithPassword(userId);
    if (!found) return 'unneeded';
    const { attempt, workflowExecution } = activityInfo();
    if (about === 'password_changed' && found.password.version < (request.passwordVersion ?? 0)) {
      // It was to be changed right after this was started.
      if (attempt > ATTEMPTS_TO_CHANGE) return 'unneeded';
      throw new Error('The password has not changed yet.');
    }
    const letter = letterTo(found.user, about, forgotPage(publicUrl), false);
    return send(workflowExecution?.workflowId ?? userId, letter);
  }

  async function answer(requestId: string): Promise<Outcome> {
    const request = await accountRequests.find(requestId);
    if (!request || request.mailedAt) return 'unneeded';
    const letter = await letterFor(request);
    const outcome = letter ? await send(`account-mail-${requestId}`, letter) : 'unneeded';
    // Only what a link confirms is still needed.
    if ((outcome === 'sent' || outcome === 'unanswered') && letter?.confirms)
      await accountRequests.markMailed(requestId);
    else await accountRequests.close(requestId);
    return outcome;
  }

  async function letterFor({
    id,
    purpose,
    email,
    name,
    userId,
    language,
  }: AccountRequest): Promise<Letter | undefined> {
    const user = await users.findByEmail(email);
    const issue = async () =>
      linkTo(publicUrl, purpose, await accountRequests.issueLink(id, lifetimes[purpose], userId ?? user?.id));
    if (purpose === 'reset') {
      return user && letterTo(user, 'reset', await issue(), true);
    }
    if (user) return letterTo(user, 'known', forgotPage(publicUrl), false);
    // Anyone can register any address: what they typed as the name is not carried to a stranger.
    const said = purpose === 'registration' ? '' : (name ?? '');
    return letterTo({ email, name: said, language }, purpose, await issue(), true);
  }

  async function send(eventId: string, { to, name, content }: Letter): Promise<Outcome> {
    if (await suppressions.reasonFor(to)) return 'suppressed';
    const language = content.language ?? dependencies.shopLanguage;
    const written = renderAccountEmail({ ...content, language, shopName: dependencies.shopName });
    try {
      const email = { to, toName: name, eventId, recipient: content.kind, ...written };
      await mailer.send(email, cancellationSignal());
      return 'sent';
    } catch (error) {
      if (error instanceof PermanentRefusal) return 'refused';
      if (error instanceof Unanswered) return 'unanswered';
      throw error;
    }
  }
}

const letterTo = (
  { email, name, language }: Pick<User, 'email' | 'name' | 'language'>,
  kind: AccountEmailInput['kind'],
  link: string,
  confirms: boolean,
): Letter => ({ to: email, name, content: { kind, name, link, language }, confirms });
