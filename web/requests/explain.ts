import type { Problem, ProblemCode } from '../client/index.ts';
import { inLanguage } from '../page/language.ts';

/** The refusals that the controls of a page do not exclude. */
const inPortuguese: Partial<Record<ProblemCode, string>> = {
  forbidden: 'A sua conta não pode fazer isto.',
  not_found: 'Não foi encontrado.',
  invalid_request: 'A loja não aceita estes dados.',
};

/** Explains a refusal in the language of the page. The details of the API are in English. */
export const explain = inLanguage({
  en: ({ detail }: Problem) => detail,
  pt: ({ code, detail }: Problem) => inPortuguese[code] ?? detail,
});
