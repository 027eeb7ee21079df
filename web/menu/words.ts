import type { Allergen } from '../client/index.ts';
import { inLanguage } from '../page/language.ts';

interface Words {
  allergens: Record<Allergen, string>;
  contains: (allergens: string) => string;
  soldOut: string;
  /** The choice of no variation. */
  plain: string;
  variation: string;
  /** How many options a group takes. */
  limits: (min: number, max: number) => string;
  quantity: string;
  fewer: (name: string) => string;
  more: (name: string) => string;
  note: string;
  noteHint: string;
  plus: (price: string) => string;
}

const en: Words = {
  allergens: {
    celery: 'celery',
    crustaceans: 'crustaceans',
    eggs: 'eggs',
    fish: 'fish',
    gluten: 'gluten',
    lupin: 'lupin',
    milk: 'milk',
    molluscs: 'molluscs',
    mustard: 'mustard',
    nuts: 'nuts',
    peanuts: 'peanuts',
    sesame: 'sesame',
    soy: 'soy',
    sulphites: 'sulphites',
  },
  contains: (allergens) => `Contains ${allergens}`,
  soldOut: 'Sold out',
  plain: 'Plain',
  variation: 'Which one?',
  limits(min, max) {
    if (min === max) return `Choose ${min}`;
    return min === 0 ? `Choose up to ${max}` : `Choose ${min} to ${max}`;
  },
  quantity: 'How many?',
  fewer: (name) => `Fewer: ${name}`,
  more: (name) => `More: ${name}`,
  note: 'Anything we should know?',
  noteHint: 'Extra hot, for example',
  plus: (price) => `+ ${price}`,
};

const pt: Words = {
  allergens: {
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
  },
  contains: (allergens) => `Contém ${allergens}`,
  soldOut: 'Esgotado',
  plain: 'Simples',
  variation: 'Qual deles?',
  limits(min, max) {
    if (min === max) return `Escolha ${min}`;
    return min === 0 ? `Escolha até ${max}` : `Escolha de ${min} a ${max}`;
  },
  quantity: 'Quantos?',
  fewer: (name) => `Menos: ${name}`,
  more: (name) => `Mais: ${name}`,
  note: 'Alguma observação?',
  noteHint: 'Bem quente, por exemplo',
  plus: (price) => `+ ${price}`,
};

export const words = inLanguage({ en, pt });
