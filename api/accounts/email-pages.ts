import type { Reader, UserRepository } from '../../db/users.ts';
import { type EmailKind, emailKinds } from '../../domain/order/email-kinds.ts';
import type { Language } from '../../mail/languages/language.ts';
import { html } from '../../mail/templates/markup.ts';
import { type Link, noticeParts, paragraphs, typed } from '../http/pages/page.ts';
import { id } from '../http/schemas.ts';
import type { PageHandlers, Shown, Values, Visitor } from './shown.ts';

interface Dependencies {
  users: Pick<UserRepository, 'findReaderByToken' | 'chooseEmails'>;
  /** Where people use the shop. */
  app: string;
}

const CHOICE = '/account/emails';

/**
 * Where the links of a mail about an order lead: its reader chooses which ones they get, without signing in. The token can do
 * no more than that, and looking changes nothing. Mailboxes post to `/account/unsubscribe` in their reader's name (RFC 8058).
 */
export function emailPages({ users, app }: Dependencies): Record<string, PageHandlers> {
  async function readerBy({ token = '' }: Values): Promise<Reader | undefined> {
    const { data } = id.safeParse(token);
    return data === undefined ? undefined : users.findReaderByToken(data);
  }

  const back = ({ pages }: Language): Link => [pages.links.back, app];

  const gone = (words: Language): Shown => ({
    status: 410,
    ...noticeParts(words, words.pages.readerGone, back(words)),
  });

  async function look(values: Values, { wordsFor }: Visitor): Promise<Shown> {
    const reader = await readerBy(values);
    const words = wordsFor(reader?.language);
    return reader ? { ...choicePage(reader, words), links: [back(words)] } : gone(words);
  }

  async function choose(values: Values, { wordsFor }: Visitor, wanted: (kind: EmailKind) => boolean): Promise<Shown> {
    const reader = await readerBy(values);
    const words = wordsFor(reader?.language);
    if (!reader) return gone(words);
    await users.chooseEmails(reader.id, Object.fromEntries(emailKinds.map((kind) => [kind, wanted(kind)])));
    const { choice, links } = words.pages;
    const said = emailKinds.some(wanted) ? choice.kept : choice.receiptsOnly;
    const choiceAgain: Link = [links.backToChoice, `${CHOICE}?token=${reader.emailToken}`];
    const done = { title: choice.done, paragraphs: [said, choice.changeYourMind] };
    return noticeParts(words, done, choiceAgain, back(words));
  }

  return {
    [CHOICE]: {
      get: look,
      post: (values, visitor) => choose(values, visitor, (kind) => values.none === undefined && kind in values),
    },
    '/account/unsubscribe': {
      get: look,
      post: (values, visitor) => choose(values, visitor, () => false),
      postsAddress: true,
    },
  };
}

function choicePage({ email, unwanted, emailToken }: Reader, words: Language): Shown {
  const { choice } = words.pages;
  const boxes = emailKinds.map((kind) => {
    const checked = unwanted.includes(kind) ? null : html` checked`;
    return html`<label class="check"><input type="checkbox" name="${kind}" value="yes"${checked}><span>${choice.kinds[kind]}</span></label>\n`;
  });
  return {
    words,
    title: choice.title,
    content: html`${paragraphs(html`${choice.address} ${typed(email)}. ${choice.about}`)}
<form method="post" action="${CHOICE}">
<input type="hidden" name="token" value="${emailToken}">
${boxes}
<div class="choices"><button>${choice.keep}</button><button class="quiet" name="none" value="yes">${choice.none}</button></div>
</form>`,
  };
}
