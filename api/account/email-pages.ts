import type { Reader, UserRepository } from '../../db/users.ts';
import { type EmailKind, emailKinds } from '../../domain/order/email-kinds.ts';
import { kindDescriptions } from '../contract/users.ts';
import { id } from '../contract/values.ts';
import { escapeHtml } from '../pages/page.ts';
import { type Pages, paragraphs, type Shown, type Values } from './shown.ts';

const CHOICE = '/account/emails';

/**
 * Where the links of a mail about an order lead: its reader chooses which ones they get, without signing in. The token can do
 * no more than that, and looking changes nothing. Mailboxes post to `/account/unsubscribe` in their reader's name (RFC 8058).
 */
export function emailPages(users: Pick<UserRepository, 'findReaderByToken' | 'chooseEmails'>): Record<string, Pages> {
  async function withReader(
    { token = '' }: Values,
    show: (reader: Reader, token: string) => Shown | Promise<Shown>,
  ): Promise<Shown> {
    const { data } = id.safeParse(token);
    const reader = data && (await users.findReaderByToken(data));
    return reader ? show(reader, data) : noReader;
  }

  const choose = (values: Values, wanted: (kind: EmailKind) => boolean) =>
    withReader(values, async (reader) => {
      await users.chooseEmails(reader.id, Object.fromEntries(emailKinds.map((kind) => [kind, wanted(kind)])));
      return emailKinds.some(wanted) ? kept : receiptsOnly;
    });

  const get = (values: Values) => withReader(values, choicePage);
  return {
    [CHOICE]: { get, post: (values) => choose(values, (kind) => values.none === undefined && kind in values) },
    '/account/unsubscribe': { get, post: (values) => choose(values, () => false), postsAddress: true },
  };
}

function choicePage({ email, unwanted }: Reader, token: string): Shown {
  const boxes = emailKinds.map((kind) => {
    const checked = unwanted.includes(kind) ? '' : ' checked';
    return `<label class="check"><input type="checkbox" name="${kind}" value="yes"${checked}>${kindDescriptions[kind]}</label>`;
  });
  return {
    title: 'Your emails',
    body: `${paragraphs(`What shall we write to <strong>${escapeHtml(email)}</strong> about? The receipt of an order always comes.`)}
<form method="post" action="${CHOICE}">
<input type="hidden" name="token" value="${token}">
${boxes.join('\n')}
<div class="choices"><button>Keep this choice</button><button class="quiet" name="none" value="yes">Only receipts, please</button></div>
</form>`,
  };
}

const kept: Shown = {
  title: 'That’s it',
  body: paragraphs(
    'From now on we write as you have chosen. You can change your mind by the link in any of our emails.',
  ),
};

const receiptsOnly: Shown = {
  title: 'That’s it',
  body: paragraphs(
    'From now on you get receipts only.',
    'You can change your mind by the link in any of our emails, the next receipt’s, too.',
  ),
};

const noReader: Shown = {
  status: 410,
  title: 'This link does not work any more',
  body: paragraphs('Nobody gets mail by it: the account that it was for is gone.'),
};
