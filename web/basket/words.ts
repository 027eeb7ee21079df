import type { Money } from '../client/index.ts';
import { writeMoney } from '../orders/money.ts';
import { inLanguage } from '../page/language.ts';

const en = {
  change: 'Change',
  remove: 'Remove',
  location: 'To go or for here?',
  changes: {
    gone: (name: string) => `${name} is no longer on the menu.`,
    soldOut: (name: string) => `${name} is sold out.`,
    without: (option: string, name: string) => `${option} is sold out. ${name} comes without it.`,
    chooseAgain: (name: string) => `The choices for ${name} have changed. Please choose again.`,
    newPrice: (name: string, now: Money, before: Money) =>
      `${name} now costs ${writeMoney(now)} instead of ${writeMoney(before)}.`,
  },
};

const pt: typeof en = {
  change: 'Alterar',
  remove: 'Remover',
  location: 'Para viagem ou para comer aqui?',
  changes: {
    gone: (name) => `${name} não está mais no cardápio.`,
    soldOut: (name) => `${name} acabou.`,
    without: (option, name) => `${option} acabou. ${name} vem sem isso.`,
    chooseAgain: (name) => `As opções de ${name} mudaram. Escolha de novo, por favor.`,
    newPrice: (name, now, before) => `${name} agora custa ${writeMoney(now)} em vez de ${writeMoney(before)}.`,
  },
};

export const words = inLanguage({ en, pt });
