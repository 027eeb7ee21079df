import type { CancellationReason } from '../client/index.ts';
import { inLanguage } from '../page/language.ts';

/** The texts that emails have too: see languages/. */
const apologies: Record<'en' | 'pt', Record<Exclude<CancellationReason, 'customer_request'>, string>> = {
  en: {
    out_of_stock: 'We have run out of something it needs.',
    shop_closed: 'The shop is closed right now.',
    too_busy: 'We have more orders than we can make right now.',
    duplicate: 'You seem to have placed the same order twice, so we kept only one of them.',
    other: 'We could not make it this time.',
  },
  pt: {
    out_of_stock: 'Acabou um dos ingredientes.',
    shop_closed: 'A loja está fechada agora.',
    too_busy: 'Temos agora mais pedidos do que conseguimos preparar.',
    duplicate: 'Parece que você fez o mesmo pedido duas vezes, e ficamos com um só.',
    other: 'Desta vez não conseguimos prepará-lo.',
  },
};

const en = {
  order: 'Order',
  location: { take_away: 'To go', in_house: 'For here' },
  statuses: {
    waiting: 'Received',
    preparation: 'Making',
    ready: 'Ready',
    delivered: 'Collected',
    cancelled: 'Cancelled',
  },
  headlines: { waiting: 'Thank you!', preparation: 'We’re on it', ready: 'It’s ready!', delivered: 'Enjoy!' },
  texts: {
    waiting: 'We have your order, and we’ll start making it soon.',
    preparation: 'We’re making your order now.',
    delivered: 'You have your order now. Thank you for coming, and see you soon!',
  },
  ready: {
    take_away: 'Your order is packed to go and waiting at the counter. Just show this number.',
    in_house: 'Your order is waiting at the counter. Just show this number.',
  },
  cancelled: (reason: CancellationReason) =>
    reason === 'customer_request'
      ? { headline: 'Cancelled, as you asked', text: 'If you change your mind, we’d love to make you something.' }
      : {
          headline: 'We’re sorry',
          text: `We had to cancel your order. ${apologies.en[reason]}`,
        },
  steps: 'Progress',
  total: 'Total',
  note: 'Note',
  fromTheTeam: 'From the team',
};

const pt: typeof en = {
  order: 'Pedido',
  location: { take_away: 'Para viagem', in_house: 'Para comer aqui' },
  statuses: {
    waiting: 'Recebido',
    preparation: 'Preparo',
    ready: 'Pronto',
    delivered: 'Entregue',
    cancelled: 'Cancelado',
  },
  headlines: {
    waiting: 'Agradecemos o pedido!',
    preparation: 'Mãos à obra',
    ready: 'Está pronto!',
    delivered: 'Bom proveito!',
  },
  texts: {
    waiting: 'O seu pedido está com a gente, e vamos começar a prepará-lo em breve.',
    preparation: 'Estamos preparando o seu pedido.',
    delivered: 'O seu pedido foi entregue. Agradecemos a sua visita, e até breve!',
  },
  ready: {
    take_away: 'O seu pedido está no balcão, embalado para viagem. É só mostrar este número.',
    in_house: 'O seu pedido está no balcão. É só mostrar este número.',
  },
  cancelled: (reason) =>
    reason === 'customer_request'
      ? {
          headline: 'Cancelado, como você pediu',
          text: 'Se mudar de ideia, será um prazer preparar alguma coisa para você.',
        }
      : {
          headline: 'Sentimos muito',
          text: `Tivemos de cancelar o seu pedido. ${apologies.pt[reason]}`,
        },
  steps: 'Andamento',
  total: 'Total',
  note: 'Observação',
  fromTheTeam: 'Da nossa equipe',
};

export const words = inLanguage({ en, pt });
