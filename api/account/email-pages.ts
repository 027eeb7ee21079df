import type { Reader, UserRepository } from '../../db/users.ts';
import { type EmailKind, emailKinds } from '../../domain/order/email-kinds.ts';
import { wordsIn } from '../../mail/languages/index.ts';
import { id } from '../contract/values.ts';
import { escapeHtml } from '../pages/page.ts';
import { type Pages, paragraphs, type Shown, type Values } from './shown.ts';

interface Dependencies {
  users: Pick<UserRepository, 'findReaderByToken' | 'chooseEmails'>;
  /** Of who has asked for no other one: ISO 639. */
  shopLanguage: string;
}

const CHOICE = '/account/emails';

/**
 * Where the links of a mail about an order lead: its reader chooses which ones they get, without signing in. The token can do
 * no more than that, and looking changes nothing. Mailboxes post to `/account/unsubscribe` in their reader's name (RFC 8058).
 */
export function emailPages({ users, shopLanguage }: Dependencies): Record<string, Pages> {
  const wordsFor = ({ language }: Reader) => wordsIn(language, shopLanguage);

  async function readerBy({ token = '' }: Values): Promise<Reader | undefined> {
    const { data } = id.safeParse(token);
    return data === undefined ? undefined : users.findReaderByToken(data);
  }

  async function look(values: Values): Promise<Shown> {
    const reader = await readerBy(values);
    return reader ? choicePage(reader, wordsFor(reader)) : noReader;
  }

  async function choose(values: Values, wanted: (kind: EmailKind) => boolean): Promise<Shown> {
    const reader = await readerBy(values);
    if (!reader) return noReader;
    await users.chooseEmails(reader.id, Object.fromEntries(emailKinds.map((kind) => [kind, wanted(kind)])));
    const { locale: language, choice } = wordsFor(reader);
    const said = emailKinds.some(wanted) ? choice.kept : choice.receiptsOnly;
    return { language, title: choice.done, body: paragraphs(said, choice.changeYourMind) };
  }

  return {
    [CHOICE]: { get: look, post: (values) => choose(values, (kind) => values.none === undefined && kind in values) },
    '/account/unsubscribe': { get: look, post: (values) => choose(values, () => false), postsAddress: true },
  };
}

function choicePage({ email, unwanted, emailToken }: Reader, words: ReturnType<typeof wordsIn>): Shown {
  const { locale: language, choice } = words;
  const boxes = emailKinds.map((kind) => {
    const checked = unwanted.includes(kind) ? '' : ' checked';
    return `<label class="check"><input type="checkbox" name="${kind}" value="yes"${checked}>${choice.kinds[kind]}</label>`;
  });
  return {
    language,
    title: choice.title,
    body: `${paragraphs(`${choice.address} <strong>${escapeHtml(email)}</strong>. ${choice.about}`)}
<form method="post" action="${CHOICE}">
<input type="hidden" name="token" value="${emailToken}">
${boxes.join('\n')}
<div class="choices"><button>${choice.keep}</button><button class="quiet" name="none" value="yes">${choice.none}</button></div>
</form>`,
  };
}

const noReader: Shown = {
  status: 410,
  title: 'This link does not work any more',
  body: paragraphs('Nobody gets mail by it: the account that it was for is gone.'),
};
