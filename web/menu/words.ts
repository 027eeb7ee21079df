import type { Allergen } from '../client/index.ts';
import { inLanguage } from '../page/language.ts';

const en = {
  /** English names are those of the API. */
  allergen: (allergen: Allergen): string => allergen,
  contains: (allergens: string) => `Contains ${allergens}`,
  soldOut: 'Sold out',
  /** The choice of no variation. */
  plain: 'Plain',
  variation: 'Which one?',
  /** How many options a group takes. */
  limits(min: number, max: number) {
    if (max === 1) return min === 1 ? 'Choose one' : 'Choose one, if you like';
    if (min === max) return `Choose ${min}`;
    return min === 0 ? `Choose up to ${max}` : `Choose ${min} to ${max}`;
  },
  quantity: 'How many?',
  fewer: (name: string) => `Fewer: ${name}`,
  more: (name: string) => `More: ${name}`,
  note: 'Anything we should know?',
  plus: (price: string) => `+ ${price}`,
};

const inPortuguese: Record<Allergen, string> = {
  celery: 'aipo',
  crustaceans: 'crustáceos',
  eggs: 'ovos',
  fish: 'peixe',
  gluten: 'glúten',
  lupin: 'tremoço',
  milk: 'leite',
  molluscs: 'moluscos',
  mustard: 'mostarda',
  nuts: 'nozes',
  peanuts: 'amendoim',
  sesame: 'gergelim',
  soy: 'soja',
  sulphites: 'sulfitos',
};

const pt: typeof en = {
  allergen: (allergen) => inPortuguese[allergen],
  contains: (allergens) => `Contém ${allergens}`,
  soldOut: 'Esgotado',
  plain: 'Simples',
  variation: 'Qual deles?',
  limits(min, max) {
    if (max === 1) return min === 1 ? 'Escolha um' : 'Escolha um, se quiser';
    if (min === max) return `Escolha ${min}`;
    return min === 0 ? `Escolha até ${max}` : `Escolha de ${min} a ${max}`;
  },
  quantity: 'Quantos?',
  fewer: (name) => `Menos: ${name}`,
  more: (name) => `Mais: ${name}`,
  note: 'Alguma observação?',
  plus: (price) => `+ ${price}`,
};

export const words = inLanguage({ en, pt });
