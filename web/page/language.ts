import { computed, effect, type ReadonlySignal } from '@preact/signals';
import { settings } from './settings.ts';
import { storedSignal } from './stored-signal.ts';

const languages = ['en', 'pt'] as const;
type Language = (typeof languages)[number];

/** ISO 639. The language that the signed-in user has chosen; null: the browser's. */
export const userLanguage = storedSignal<string | null>('crema.language', null);

const language = computed((): Language => {
  const preferred = [userLanguage.value, ...navigator.languages, settings.language].map((tag) => tag?.slice(0, 2));
  return languages.find((each) => each === preferred.find((tag) => languages.some((known) => known === tag))) ?? 'en';
});

/** BCP 47. The region, which decides how dates look, is the browser's. */
export const locale = computed(
  () => navigator.languages.find((tag) => tag.startsWith(language.value)) ?? language.value,
);

effect(() => {
  document.documentElement.lang = language.value;
});

/** Returns the texts in the language of the page. */
export const inLanguage = <Words>(words: Record<Language, Words>): ReadonlySignal<Words> =>
  computed(() => words[language.value]);
