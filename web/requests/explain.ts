import type { Problem, ProblemCode } from '../client/index.ts';
import { inLanguage } from '../page/language.ts';

/** Portuguese texts for common refusals. */
const inPortuguese: Partial<Record<ProblemCode, string>> = {
  forbidden: 'A sua conta não pode fazer isto.',
  not_found: 'Não foi encontrado.',
  invalid_request: 'A loja não aceita estes dados.',
  illegal_transition: 'O pedido mudou, e isto não é mais possível.',
  version_mismatch: 'O pedido mudou enquanto isso.',
};

/** Explains a refusal in the language of the page. The details of the API are in English. */
export const explain = inLanguage({
  en: ({ detail }: Problem) => detail,
  pt: ({ code }: Problem) => inPortuguese[code] ?? 'A loja não aceita isto agora.',
});
