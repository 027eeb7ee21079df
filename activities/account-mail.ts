import { activityInfo, log } from '@temporalio/activity';
import type { AccountRequest, AccountRequestRepository } from '../db/account-requests.ts';
import type { UserRepository } from '../db/users.ts';
import type { AccountErrand } from '../domain/account/errand.ts';
import { lifetimes, linkTo } from '../domain/account/link.ts';
import { type AccountEmailInput, renderAccountEmail } from './email/templates/account-email.ts';
import { type Mailer, PermanentRefusal } from './email/transport/mailer.ts';

interface Dependencies {
  accountRequests: AccountRequestRepository;
  users: Pick<UserRepository, 'find' | 'findByEmail'>;
  mailer: Mailer;
  /** Where people see the shop: links lead there. */
  publicUrl: string;
}

/** Whom a mail is to, and what it says. */
interface Letter {
  to: string;
  name: string;
  content: AccountEmailInput;
}

/** `unneeded`: nobody is to get a mail, or they have it already. */
type Outcome = 'sent' | 'refused' | 'unneeded';

/**
 * Mails one errand of an account. Whether there is an account is found out here, and not while somebody waits for an
 * answer. A link's token is made for each attempt and stands nowhere but in the mail.
 */
export function createAccountMail({ accountRequests, users, mailer, publicUrl }: Dependencies) {
  return async (errand: AccountErrand): Promise<Outcome> => {
    const outcome = errand.about === 'request' ? await answer(errand.requestId) : await notify(errand.userId);
    log.info('account mail', { ...errand, outcome });
    return outcome;
  };

  async function notify(userId: string): Promise<Outcome> {
    const user = await users.find(userId);
    if (!user) return 'unneeded';
    const { workflowExecution } = activityInfo();
    const content = { kind: 'password_changed', name: user.name, link: null } as const;
    return send(workflowExecution?.workflowId ?? userId, { to: user.email, name: user.name, content });
  }

  async function answer(requestId: string): Promise<Outcome> {
    const request = await accountRequests.find(requestId);
    if (!request || request.mailedAt) return 'unneeded';
    const letter = await letterFor(request);
    const outcome = letter ? await send(`account-mail-${requestId}`, letter) : 'unneeded';
    // Only what a link confirms is still needed.
    if (outcome === 'sent' && letter?.content.link) await accountRequests.markMailed(requestId);
    else await accountRequests.close(requestId);
    return outcome;
  }

  async function letterFor({ id, purpose, email, name }: AccountRequest): Promise<Letter | undefined> {
    const user = await users.findByEmail(email);
    const issue = async () =>
      linkTo(publicUrl, purpose, await accountRequests.issueLink(id, lifetimes[purpose], user?.id));
    if (purpose === 'reset') {
      if (!user) return undefined;
      return { to: user.email, name: user.name, content: { kind: 'reset', name: user.name, link: await issue() } };
    }
    if (user) return { to: user.email, name: user.name, content: { kind: 'known', name: user.name, link: null } };
    // Anyone can register any address: what they typed as the name is not carried to a stranger.
    const said = purpose === 'invitation' ? (name ?? '') : '';
    return { to: email, name: said, content: { kind: purpose, name: said, link: await issue() } };
  }

  async function send(eventId: string, { to, name, content }: Letter): Promise<Outcome> {
    try {
      await mailer.send({ to, toName: name, eventId, recipient: content.kind, ...renderAccountEmail(content) });
      return 'sent';
    } catch (error) {
      if (error instanceof PermanentRefusal) return 'refused';
      throw error;
    }
  }
}
