import { activityInfo, log } from '@temporalio/activity';
import type { AccountRequest, AccountRequestRepository } from '../db/account-requests.ts';
import type { EmailSuppressions } from '../db/email-suppressions.ts';
import type { User, UserRepository } from '../db/users.ts';
import type { AccountErrand } from '../domain/account/errand.ts';
import { forgotPage, lifetimes, linkTo } from '../domain/account/link.ts';
import { type AccountEmailInput, renderAccountEmail } from '../mail/templates/account-email.ts';
import { type Mailer, PermanentRefusal } from './email/mailer.ts';

interface Dependencies {
  accountRequests: AccountRequestRepository;
  users: Pick<UserRepository, 'find' | 'findByEmail'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  mailer: Mailer;
  /** What is written to who has asked for no other language: ISO 639. */
  shopLanguage: string;
  /** Where people see the shop: links lead there. */
  publicUrl: string;
}

/** Whom a mail is to, what it says, and whether its link confirms something. */
interface Letter {
  to: string;
  name: string;
  content: AccountEmailInput;
  confirms: boolean;
}

/** `unneeded`: nobody is to get a mail, or they have it already; `suppressed`: their address takes none. */
type Outcome = 'sent' | 'refused' | 'suppressed' | 'unneeded';

/**
 * Mails one errand of an account. Whether there is an account is found out here, and not while somebody waits for an
 * answer. A link's token is made for each attempt and stands nowhere but in the mail.
 */
export function createAccountMail(dependencies: Dependencies) {
  const { accountRequests, users, suppressions, mailer, publicUrl } = dependencies;
  return async (errand: AccountErrand): Promise<Outcome> => {
    const outcome = errand.about === 'request' ? await answer(errand.requestId) : await notify(errand);
    log.info('account mail', { ...errand, outcome });
    return outcome;
  };

  async function notify({ about, userId }: Exclude<AccountErrand, { about: 'request' }>): Promise<Outcome> {
    const user = await users.find(userId);
    if (!user) return 'unneeded';
    const { workflowExecution } = activityInfo();
    const letter = letterTo(user, about, forgotPage(publicUrl), false);
    return send(workflowExecution?.workflowId ?? userId, letter);
  }

  async function answer(requestId: string): Promise<Outcome> {
    const request = await accountRequests.find(requestId);
    if (!request || request.mailedAt) return 'unneeded';
    const letter = await letterFor(request);
    const outcome = letter ? await send(`account-mail-${requestId}`, letter) : 'unneeded';
    // Only what a link confirms is still needed.
    if (outcome === 'sent' && letter?.confirms) await accountRequests.markMailed(requestId);
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
    const written = renderAccountEmail({ ...content, language });
    try {
      await mailer.send({ to, toName: name, eventId, recipient: content.kind, ...written });
      return 'sent';
    } catch (error) {
      if (error instanceof PermanentRefusal) return 'refused';
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
