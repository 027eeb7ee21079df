import type { Reader, UserRepository } from '../../../db/users.ts';
import { type EmailKind, emailKinds } from '../../../domain/order/email-kinds.ts';
import type { Language } from '../../../languages/language.ts';
import { html } from '../../../languages/markup.ts';
import { type Link, noticeParts, paragraphs, typed } from '../../http/pages/page.ts';
import { id } from '../../http/schemas.ts';
import type { AccountPage, Fields, PageResponse, Visitor } from './account-page.ts';

interface Dependencies {
  users: Pick<UserRepository, 'findReaderByToken' | 'chooseEmails'>;
  /** URL of the shop's app. */
  app: string;
}

const CHOICE_PATH = '/account/emails';

/**
 * The pages where the reader of an email chooses which emails they get. The token in the URL replaces a sign-in, but gives no
 * other access. A GET only shows the page. Mail programs POST to `/account/unsubscribe` to unsubscribe a user (RFC 8058).
 */
export function emailPages({ users, app }: Dependencies): Record<string, AccountPage> {
  async function readerBy({ token = '' }: Fields): Promise<Reader | undefined> {
    const { data } = id.safeParse(token);
    return data === undefined ? undefined : users.findReaderByToken(data);
  }

  const back = ({ pages }: Language): Link => [pages.links.back, app];

  const gone = (words: Language): PageResponse => ({
    status: 410,
    ...noticeParts(words, words.pages.readerGone, back(words)),
  });

  async function showChoice(fields: Fields, { wordsFor }: Visitor): Promise<PageResponse> {
    const reader = await readerBy(fields);
    const words = wordsFor(reader?.language);
    return reader ? { ...choicePage(reader, words), links: [back(words)] } : gone(words);
  }

  async function storeChoice(
    fields: Fields,
    { wordsFor }: Visitor,
    wanted: (kind: EmailKind) => boolean,
  ): Promise<PageResponse> {
    const reader = await readerBy(fields);
    const words = wordsFor(reader?.language);
    if (!reader) return gone(words);
    await users.chooseEmails(reader.id, Object.fromEntries(emailKinds.map((kind) => [kind, wanted(kind)])));
    const { choice, links } = words.pages;
    const result = emailKinds.some(wanted) ? choice.kept : choice.receiptsOnly;
    const choiceAgain: Link = [links.backToChoice, `${CHOICE_PATH}?token=${reader.emailToken}`];
    const done = { title: choice.done, paragraphs: [result, choice.changeYourMind] };
    return noticeParts(words, done, choiceAgain, back(words));
  }

  return {
    [CHOICE_PATH]: {
      get: showChoice,
      post: (fields, visitor) => storeChoice(fields, visitor, (kind) => fields.none === undefined && kind in fields),
    },
    '/account/unsubscribe': {
      get: showChoice,
      post: (fields, visitor) => storeChoice(fields, visitor, () => false),
      hasFieldsInQuery: true,
    },
  };
}

function choicePage({ email, unwanted, emailToken }: Reader, words: Language): PageResponse {
  const { choice } = words.pages;
  const boxes = emailKinds.map((kind) => {
    const checked = unwanted.includes(kind) ? null : html` checked`;
    return html`<label class="check"><input type="checkbox" name="${kind}" value="yes"${checked}><span>${choice.kinds[kind]}</span></label>\n`;
  });
  return {
    words,
    title: choice.title,
    content: html`${paragraphs(html`${choice.address} ${typed(email)}. ${choice.about}`)}
<form method="post" action="${CHOICE_PATH}">
<input type="hidden" name="token" value="${emailToken}">
${boxes}
<div class="choices"><button>${choice.keep}</button><button class="quiet" name="none" value="yes">${choice.none}</button></div>
</form>`,
  };
}
