import { inLanguage } from '../page/language.ts';

export const words = inLanguage({
  en: {
    title: 'Your order',
    gone: {
      title: 'This link is no longer valid',
      text: 'The link of an order works until a day after the order has ended. If yours is newer, open the link in the email or scan the code again.',
    },
    loading: 'One moment…',
    lost: 'No connection. The status may be out of date.',
  },
  pt: {
    title: 'O seu pedido',
    gone: {
      title: 'Este link não é mais válido',
      text: 'O link de um pedido funciona até um dia depois do fim do pedido. Se o seu é mais recente, abra o link do e-mail ou leia o código de novo.',
    },
    loading: 'Um momento…',
    lost: 'Sem conexão. O status pode estar desatualizado.',
  },
});
