import { acceptLanguage } from '../../api/http/schemas.ts';
import { languages, wordsIn } from '../../languages/index.ts';
import { accountSamples, samples } from '../../mail/samples.ts';
import { renderAccountEmail } from '../../mail/templates/account-email.ts';
import { formatDate } from '../../mail/templates/format-date.ts';
import { renderOrderEmail } from '../../mail/templates/order-email.ts';

/** The paths of all texts of a language: `customer.placed`, `labels.steps.ready`. */
function pathsOf(words: unknown, at = ''): string[] {
  if (typeof words !== 'object' || words === null) return [at];
  return Object.entries(words).flatMap(([name, inner]) => pathsOf(inner, at ? `${at}.${name}` : name));
}

const inEnglish = wordsIn('en');
const others = [...languages].filter(([code]) => code !== 'en');

test('emails are available in English and Brazilian Portuguese', () => {
  expect([...languages.keys()]).toEqual(expect.arrayContaining(['en', 'pt']));
  expect(wordsIn('pt').locale).toBe('pt-BR');
});

test.each(others)('emails in %s have all texts that English has, and no English label', (code, words) => {
  expect(pathsOf(words)).toEqual(pathsOf(inEnglish));
  expect(wordsIn(code)).toBe(words);
  for (const { input } of samples) {
    const { subject, text, html } = renderOrderEmail({ ...input, language: code });
    expect(subject).not.toBe(renderOrderEmail(input).subject);
    expect(html).toContain(`<html lang="${words.locale}"`);
    for (const label of Object.values(inEnglish.labels).filter((each) => typeof each === 'string' && each.length > 5)) {
      expect(text).not.toContain(label);
    }
    expect(`${text}${html}`).not.toMatch(/undefined|\[object|NaN/);
  }
  for (const { input } of accountSamples) {
    const { subject, text } = renderAccountEmail({ ...input, language: code });
    expect(subject).not.toBe(renderAccountEmail(input).subject);
    expect(text).toContain(input.link);
  }
});

test('emails in Portuguese have amounts and times in the Brazilian format', () => {
  const { text } = renderOrderEmail({ ...samples[0]!.input, language: 'pt' });
  expect(text).toContain('US$\u00a023,00');
  expect(text).toMatch(/5 de mar\. de 2026, 14:05 UTC/);
});

test.each([
  ['Europe/Lisbon', '2026-03-29T00:59:00Z', '12:59 AM', '2026-03-29T01:00:00Z', '2:00 AM'],
  ['America/New_York', '2026-11-01T05:59:00Z', '1:59 AM', '2026-11-01T06:00:00Z', '1:00 AM'],
  ['America/St_Johns', '2026-01-01T03:29:00Z', '11:59 PM', '2026-07-01T02:29:00Z', '11:59 PM'],
  ['Australia/Lord_Howe', '2026-01-01T13:00:00Z', '12:00 AM', '2026-07-01T13:30:00Z', '12:00 AM'],
  ['Asia/Kolkata', '2026-01-01T18:30:00Z', '12:00 AM', '2026-07-01T18:30:00Z', '12:00 AM'],
])('formats times in %s with its daylight saving time', (zone, one, first, other, second) => {
  for (const [at, shown] of [
    [one, first],
    [other, second],
  ] as const) {
    expect(formatDate(at, 'en-US', zone).replaceAll(/\s/g, ' ')).toMatch(new RegExp(`, ${shown} \\S+$`));
  }
});

test.each([
  ['pt', null, 'pt'],
  [null, 'pt', 'pt'],
  ['xx', null, 'en'],
  [undefined, undefined, 'en'],
])('a user with the language %j in a shop with %j gets emails in %s', (language, shopLanguage, code) => {
  expect(wordsIn(language, shopLanguage)).toBe(languages.get(code));
});

test.each([
  ['pt-PT,pt;q=0.9,en;q=0.8', 'pt'],
  ['fr-CH, fr;q=0.9, PT;q=0.5, en;q=0.4', 'pt'],
  ['en;q=0.2, pt;q=0.7', 'pt'],
  ['pt;q=0, en', 'en'],
  ['*', undefined],
  ['de', undefined],
  [';;q=x,,', undefined],
  [undefined, undefined],
])('Accept-Language %j selects %s', (header, code) => {
  expect(acceptLanguage.parse(header)).toBe(code);
});
