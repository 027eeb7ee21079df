import type { OrderStatus, ProblemCode } from '../client/index.ts';
import { isOpen } from '../orders/status.ts';
import { inLanguage } from '../page/language.ts';

/** The statuses as parts of sentences. */
const statuses: Record<'en' | 'pt', Record<OrderStatus, string>> = {
  en: {
    waiting: 'waiting',
    preparation: 'in preparation',
    ready: 'ready',
    delivered: 'delivered',
    cancelled: 'cancelled',
  },
  pt: { waiting: 'na fila', preparation: 'em preparo', ready: 'pronto', delivered: 'entregue', cancelled: 'cancelado' },
};

const en = {
  title: 'The board',
  signIn: 'Sign in',
  signInAgain: 'Sign in again',
  signInAsOther: 'Sign in with another account',
  signedOut: 'Here the team sees every open order, and moves it from the queue to the counter.',
  notStaff: (name: string) => `Hello, ${name}! This page is for the team behind the counter.`,
  expired: 'Your sign-in has expired. Your changes are kept, and are sent after you sign in again.',
  signOut: 'Sign out',
  unsent: 'Some changes are not sent yet. Sign out when the connection is back.',
  connection: { connecting: 'Connecting…', live: 'Live', lost: 'No connection', expired: 'Signed out' },
  queued: (count: number) => (count === 1 ? '1 change not sent' : `${count} changes not sent`),
  sound: 'Sound',
  loading: 'Loading the orders…',
  columns: { waiting: 'Waiting', preparation: 'Preparing', ready: 'Ready' },
  empty: { waiting: 'Nobody is waiting.', preparation: 'Nothing in preparation.', ready: 'Nothing to hand out.' },
  toMake: (count: number) =>
    count === 0 ? 'Nothing to make' : count === 1 ? 'To make: one item' : `To make: ${count} items`,
  channels: { online: 'Online', counter: 'Counter' },
  minutes: (count: number) => `${count} min`,
  late: { waiting: 'Late', preparation: 'Late', ready: 'Not collected' },
  forward: { waiting: 'Start', preparation: 'Ready', ready: 'Delivered' },
  back: 'Back to the queue',
  more: 'More',
  about: (action: string, number: number) => `${action}: #${number}`,
  moved: (number: number, to: OrderStatus) => `#${number}: ${statuses.en[to]}`,
  undo: 'Undo',
  dismiss: 'Dismiss',
  /** @param current the status that the order has instead; undefined if that is not the reason */
  refused(number: number, wanted: OrderStatus, current: OrderStatus | undefined, detail: string) {
    const what =
      wanted === 'cancelled' ? `#${number} was not cancelled` : `#${number} was not moved to “${statuses.en[wanted]}”`;
    if (!current) return `${what}: ${detail}`;
    return isOpen(current) && current !== wanted
      ? `${what}: it has changed meanwhile, and is now “${statuses.en[current]}”.`
      : `${what}: it is already “${statuses.en[current]}”.`;
  },
  stopPreparing: (number: number) => `#${number} was cancelled. Please stop preparing it.`,
  notOpen: (number: number, status: OrderStatus) => `#${number} is no longer open. It is “${statuses.en[status]}”.`,
  noSuchOrder: 'The order was not found.',
  close: 'Close',
  cancelTitle: 'Cancel the order',
  reason: 'Reason',
  reasons: {
    customer_request: 'The customer asked for it',
    out_of_stock: 'An ingredient is missing',
    shop_closed: 'The shop is closed',
    too_busy: 'Too many orders',
    duplicate: 'Ordered twice',
    other: 'Another reason',
  },
  reasonText: 'Note to the customer (optional)',
  cancelOrder: 'Cancel this order',
  follow: 'Follow on a phone',
  followHint: 'The customer scans this code to see when the order is ready.',
  noLink: 'The code appears when the connection is back.',
  showCode: 'Show code',
  newOrder: 'New order',
  numberFollows: 'No number yet',
  backToMenu: 'Back to the menu',
  addLine: 'Add',
  changeLine: 'Save',
  noLines: 'Choose something from the menu.',
  customerName: 'Name',
  note: 'Note (the customer can read it)',
  place: 'Place order',
  discard: 'Discard',
  placed: (number: number, name: string | null) =>
    name ? `The order for ${name} has the number ${number}.` : `The order has the number ${number}.`,
  placingRefused(code: ProblemCode, total: string | undefined, detail: string) {
    if (code === 'product_unavailable' || code === 'options_invalid') {
      return 'This order was not placed: something in it is sold out now.';
    }
    if (code === 'price_changed' && total) return `This order was not placed: it costs ${total} now.`;
    return `This order was not placed. ${detail}`;
  },
  maybePlaced:
    'This order may already be placed: another person signed in before the shop answered. Look for it on the board before you place it again.',
  openDraft: 'Open the order',
  unfinishedOrder: 'There is an order that is not placed yet.',
  soldOut: 'Sold out',
  soldOutTitle: 'Available or sold out?',
  search: 'Search',
  nothingFound: 'Nothing on the menu has this name.',
  availability: { available: 'Available', soldOut: 'Sold out' },
  availabilityRefused: (name: string, available: boolean, detail: string) =>
    `${name} could not be marked as ${available ? 'available' : 'sold out'}. ${detail}`,
  lastDelivered: 'Last ten',
  noneDelivered: 'No order was delivered yet.',
};

const pt: typeof en = {
  title: 'Painel de pedidos',
  signIn: 'Entrar',
  signInAgain: 'Entrar de novo',
  signInAsOther: 'Entrar com outra conta',
  signedOut: 'Aqui a equipe vê todos os pedidos abertos e leva cada um da fila ao balcão.',
  notStaff: (name) => `Olá, ${name}! Esta página é para a equipe atrás do balcão.`,
  expired: 'A sua sessão expirou. As suas alterações estão guardadas, e são enviadas depois que você entrar de novo.',
  signOut: 'Sair',
  unsent: 'Algumas alterações ainda não foram enviadas. Saia quando a conexão voltar.',
  connection: { connecting: 'Conectando…', live: 'Ao vivo', lost: 'Sem conexão', expired: 'Sessão encerrada' },
  queued: (count) => (count === 1 ? '1 alteração não enviada' : `${count} alterações não enviadas`),
  sound: 'Som',
  loading: 'Carregando os pedidos…',
  columns: { waiting: 'Na fila', preparation: 'Em preparo', ready: 'Prontos' },
  empty: { waiting: 'Ninguém está esperando.', preparation: 'Nada em preparo.', ready: 'Nada para entregar.' },
  toMake: (count) =>
    count === 0 ? 'Nada para fazer' : count === 1 ? 'Para fazer: um item' : `Para fazer: ${count} itens`,
  channels: { online: 'Pela internet', counter: 'No balcão' },
  minutes: (count) => `${count} min`,
  late: { waiting: 'Atrasado', preparation: 'Atrasado', ready: 'Não retirado' },
  forward: { waiting: 'Começar', preparation: 'Pronto', ready: 'Entregue' },
  back: 'De volta à fila',
  more: 'Mais',
  about: (action, number) => `${action}: #${number}`,
  moved: (number, to) => `#${number}: ${statuses.pt[to]}`,
  undo: 'Desfazer',
  dismiss: 'Fechar o aviso',
  refused(number, wanted, current, detail) {
    const what =
      wanted === 'cancelled' ? `#${number} não foi cancelado` : `#${number} não passou para “${statuses.pt[wanted]}”`;
    if (!current) return `${what}: ${detail}`;
    return isOpen(current) && current !== wanted
      ? `${what}: ele mudou enquanto isso, e agora está “${statuses.pt[current]}”.`
      : `${what}: ele já está “${statuses.pt[current]}”.`;
  },
  stopPreparing: (number) => `#${number} foi cancelado. Parem de prepará-lo, por favor.`,
  notOpen: (number, status) => `#${number} não está mais aberto. Ele está “${statuses.pt[status]}”.`,
  noSuchOrder: 'O pedido não foi encontrado.',
  close: 'Fechar',
  cancelTitle: 'Cancelar o pedido',
  reason: 'Motivo',
  reasons: {
    customer_request: 'A pedido do cliente',
    out_of_stock: 'Falta um ingrediente',
    shop_closed: 'A loja está fechada',
    too_busy: 'Pedidos demais',
    duplicate: 'Pedido repetido',
    other: 'Outro motivo',
  },
  reasonText: 'Observação para o cliente (opcional)',
  cancelOrder: 'Cancelar este pedido',
  follow: 'Acompanhar no celular',
  followHint: 'O cliente lê este código para ver quando o pedido fica pronto.',
  noLink: 'O código aparece quando a conexão voltar.',
  showCode: 'Mostrar o código',
  newOrder: 'Novo pedido',
  numberFollows: 'Ainda sem número',
  backToMenu: 'Voltar ao cardápio',
  addLine: 'Adicionar',
  changeLine: 'Salvar',
  noLines: 'Escolha algo do cardápio.',
  customerName: 'Nome',
  note: 'Observação (o cliente pode ler)',
  place: 'Fazer o pedido',
  discard: 'Descartar',
  placed: (number, name) => (name ? `O pedido de ${name} tem o número ${number}.` : `O pedido tem o número ${number}.`),
  placingRefused(code, total, detail) {
    if (code === 'product_unavailable' || code === 'options_invalid') {
      return 'Este pedido não foi feito: algo nele está esgotado agora.';
    }
    if (code === 'price_changed' && total) return `Este pedido não foi feito: agora ele custa ${total}.`;
    return `Este pedido não foi feito. ${detail}`;
  },
  maybePlaced:
    'Este pedido talvez já tenha sido feito: outra pessoa entrou antes da resposta da loja. Procure por ele no painel antes de fazê-lo de novo.',
  openDraft: 'Abrir o pedido',
  unfinishedOrder: 'Há um pedido que ainda não foi feito.',
  soldOut: 'Esgotados',
  soldOutTitle: 'Disponível ou esgotado?',
  search: 'Buscar',
  nothingFound: 'Nada no cardápio tem este nome.',
  availability: { available: 'Disponível', soldOut: 'Esgotado' },
  availabilityRefused: (name, available, detail) =>
    `${name} não pôde ser marcado como ${available ? 'disponível' : 'esgotado'}. ${detail}`,
  lastDelivered: 'Últimos dez',
  noneDelivered: 'Nenhum pedido foi entregue ainda.',
};

export const words = inLanguage({ en, pt });
