import { inLanguage } from '../page/language.ts';

export const words = inLanguage({
  en: {
    title: 'Your order',
    gone: {
      title: 'This link is no longer valid',
      text: 'A link works until one day after its order has ended. If your order is newer, open the link in the email or scan the code again.',
    },
    loading: 'One moment…',
    lost: 'No connection. The status may be out of date.',
  },
  pt: {
    title: 'O seu pedido',
    gone: {
      title: 'Este link não é mais válido',
      text: 'Um link funciona até um dia depois do fim do pedido. Se o seu pedido é mais recente, abra o link do e-mail ou leia o código de novo.',
    },
    loading: 'Um momento…',
    lost: 'Sem conexão. O status pode estar desatualizado.',
  },
});
