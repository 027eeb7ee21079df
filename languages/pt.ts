import type { Actor } from '../domain/actor.ts';
import type { Channel } from '../domain/order/channel.ts';
import type { CancellationReason } from '../domain/order/order.ts';
import type { Language } from './language.ts';
import { type Html, html } from './markup.ts';
import type { OrderDetails } from './wording.ts';

// Brazilian Portuguese, the most spoken variant. The texts do not assume the gender of the reader.

const named = (greeting: string, name: string): string => (name ? `${greeting}, ${name}` : greeting);

const inMinutes = (count: number): string => (count === 1 ? 'em um minuto' : `em ${count} minutos`);

const apologies: Record<Exclude<CancellationReason, 'customer_request'>, string> = {
  out_of_stock: 'Acabou um dos ingredientes.',
  shop_closed: 'A loja está fechada agora.',
  too_busy: 'Temos agora mais pedidos do que conseguimos preparar.',
  duplicate: 'Parece que você fez o mesmo pedido duas vezes, e ficamos com um só.',
  other: 'Desta vez não conseguimos prepará-lo.',
};

const reasons: Record<CancellationReason, string> = {
  customer_request: 'a pedido do cliente',
  out_of_stock: 'falta um ingrediente',
  shop_closed: 'a loja está fechada',
  too_busy: 'movimento demais',
  duplicate: 'pedido repetido',
  other: 'outro motivo',
};

const actors: Record<Actor['type'], string> = {
  customer: 'pelo cliente',
  barista: 'por um barista',
  manager: 'pela gerência',
  service: 'por um serviço conectado',
  operator: 'por um operador',
  system: 'pelo próprio sistema da loja',
};

const cancelledBy = ({ by, reasonCode }: OrderDetails): string =>
  `Foi cancelado ${actors[by]}${reasonCode ? ` (${reasons[reasonCode]})` : ''}.`;

const customer: Language['customer'] = {
  placed: ({ number, customerName, summary, total }) => ({
    subject: `Recebemos o seu pedido #${number}`,
    preheader: `${summary} · ${total}. Escrevemos de novo quando começarmos a prepará-lo.`,
    headline: `${named('Agradecemos o pedido', customerName)}!`,
    paragraphs: ['O seu pedido está com a gente. Escrevemos de novo quando começarmos a prepará-lo.'],
  }),
  edited: ({ number, customerName, summary, total }) => ({
    subject: `O pedido #${number} foi alterado`,
    preheader: `Agora é ${summary} · ${total}.`,
    headline: named('O seu pedido foi alterado', customerName),
    paragraphs: ['Aqui está o seu pedido com as alterações. O número e o lugar na fila continuam os mesmos.'],
  }),
  waiting: ({ number, customerName, summary }) => ({
    subject: `O pedido #${number} voltou para a fila`,
    preheader: `Uma pequena pausa para ${summary}. Você não precisa fazer nada.`,
    headline: named('Uma pequena pausa', customerName),
    paragraphs: [
      'Tivemos de devolver o seu pedido à fila por um momento. Você não precisa fazer nada: escrevemos quando voltarmos a prepará-lo.',
    ],
  }),
  preparation: ({ number, customerName, summary }) => ({
    subject: `Estamos preparando o seu pedido #${number}`,
    preheader: `${summary}. Escrevemos de novo quando estiver pronto.`,
    headline: named('Mãos à obra', customerName),
    paragraphs: ['Estamos preparando o seu pedido, e escrevemos de novo quando estiver pronto.'],
  }),
  ready: ({ number, location, customerName, summary }) => ({
    subject: `O pedido #${number} está pronto!`,
    preheader: `${summary}. Venha buscar enquanto está fresquinho.`,
    headline: `${named('Está pronto', customerName)}!`,
    paragraphs: [
      location === 'take_away'
        ? 'O seu pedido está no balcão, embalado para viagem. É só mostrar este número.'
        : 'O seu pedido está no balcão. É só mostrar este número.',
    ],
  }),
  uncollected: ({ number, customerName, summary }) => ({
    subject: `O pedido #${number} ainda espera por você`,
    preheader: `${summary}. Está no balcão, e é melhor fresquinho.`,
    headline: named('Ainda no balcão', customerName),
    paragraphs: ['O seu pedido está pronto há algum tempo, e é melhor fresquinho. É só mostrar este número.'],
  }),
  delivered: ({ number, customerName, shopName, summary }) => ({
    subject: `Bom proveito com o pedido #${number}!`,
    preheader: `${summary}. Agradecemos a sua visita à ${shopName}.`,
    headline: `${named('Bom proveito', customerName)}!`,
    paragraphs: [`O seu pedido foi entregue. Agradecemos a sua visita à ${shopName}, e até breve!`],
  }),
  cancelled: ({ number, by, reasonCode, customerName, summary }) =>
    by === 'customer' || reasonCode === 'customer_request'
      ? {
          subject: `O pedido #${number} foi cancelado`,
          preheader: `Como você pediu: ${summary} não será preparado.`,
          headline: named('Cancelado, como você pediu', customerName),
          paragraphs: ['Cancelamos o seu pedido. Se mudar de ideia, será um prazer preparar alguma coisa para você.'],
        }
      : {
          subject: `O pedido #${number} foi cancelado`,
          preheader: `Sentimos muito: ${summary} não será preparado.`,
          headline: named('Sentimos muito', customerName),
          paragraphs: [
            `Tivemos de cancelar o seu pedido. ${apologies[reasonCode ?? 'other']}`,
            'Se tiver alguma dúvida, pergunte no balcão.',
          ],
        },
};

const newOrder: Record<Channel, string> = { online: 'Novo pedido', counter: 'Novo pedido no balcão' };

const shop: Language['shop'] = {
  placed: ({ number, channel, location, customerName, summary, total }) => ({
    subject: `${newOrder[channel]} #${number}: ${summary}`,
    preheader: `${total} · ${labels.location[location]}${customerName && ` · ${customerName}`}`,
    headline: `${newOrder[channel]}${customerName && `: ${customerName}`}`,
    paragraphs: [],
  }),
  delayed: ({ number, summary }) => ({
    subject: `O pedido #${number} espera há tempo demais`,
    preheader: `${summary}. O preparo ainda não começou.`,
    headline: 'O preparo deste pedido ainda não começou',
    paragraphs: ['Ele espera há tempo demais. Comecem o preparo ou cancelem o pedido.'],
  }),
  cancelled: (about) => ({
    subject: `Cancelado: pedido #${about.number}`,
    preheader: `${about.summary}. ${cancelledBy(about)}`,
    headline: 'Não preparem este pedido, por favor',
    paragraphs: [
      `${cancelledBy(about)} ${about.from === 'preparation' ? 'Ele estava sendo preparado: parem, por favor.' : 'O preparo ainda não tinha começado.'}`,
    ],
  }),
};

const account: Language['account'] = {
  registration: ({ shopName }) => ({
    subject: `Confirme o seu endereço para a ${shopName}`,
    preheader: 'Confirme-o e escolha uma senha para abrir a sua conta.',
    headline: 'Este endereço é seu?',
    paragraphs: [
      `Alguém fez um cadastro na ${shopName} com este endereço. Se foi você, confirme o endereço e escolha uma senha.`,
    ],
    button: 'Confirmar o meu endereço',
    remark: 'O link vale uma vez, por 24 horas. Se não foi você, ignore este e-mail, e nenhuma conta será aberta.',
  }),
  known: ({ name, shopName }) => ({
    subject: `Você já tem uma conta na ${shopName}`,
    preheader: 'Nada mudou. Entre como sempre.',
    headline: named('Você já tem uma conta', name),
    paragraphs: [
      `Alguém acabou de tentar abrir uma conta na ${shopName} com este endereço. Se foi você, entre com a senha da sua conta. Nada mudou.`,
    ],
    button: 'Esqueci a minha senha',
    remark: 'Se não foi você, pode ignorar este e-mail.',
  }),
  invitation: ({ name, shopName }) => ({
    subject: `Um convite da ${shopName}`,
    preheader: 'Escolha uma senha para abrir a sua conta.',
    headline: `${named('Que bom ter você aqui', name)}!`,
    paragraphs: [`A gerência da ${shopName} convidou você. Escolha uma senha para abrir a sua conta.`],
    button: 'Escolher uma senha',
    remark: 'O link vale uma vez, por 7 dias. Se não quiser uma conta, ignore este e-mail.',
  }),
  reset: ({ name, shopName }) => ({
    subject: `Escolha uma nova senha para a ${shopName}`,
    preheader: 'O link deste e-mail vale por uma hora.',
    headline: named('Esqueceu a senha? Acontece', name),
    paragraphs: ['Use o botão para escolher uma nova. Ela encerra as suas sessões em todos os outros lugares.'],
    button: 'Escolher uma nova senha',
    remark:
      'O link vale uma vez, por uma hora. Se não foi você quem pediu, ignore este e-mail, e a sua senha continua a mesma.',
  }),
  address: ({ name, shopName }) => ({
    subject: `Confirme o seu novo endereço para a ${shopName}`,
    preheader: 'Depois de confirmado, escrevemos para este endereço.',
    headline: named('O seu novo endereço', name),
    paragraphs: [
      `Você nos pediu para usar este endereço na sua conta na ${shopName}. Confirme-o, e entre com ele daqui em diante.`,
    ],
    button: 'Confirmar o meu novo endereço',
    remark: 'O link vale uma vez, por 24 horas. Se não foi você, ignore este e-mail, e nada muda.',
  }),
  address_asked: ({ name, shopName }) => ({
    subject: `O seu endereço na ${shopName} vai mudar`,
    preheader: 'Se foi você, não precisa fazer nada aqui.',
    headline: named('O seu endereço vai mudar', name),
    paragraphs: [
      `Alguém que sabe a sua senha pediu outro endereço para a sua conta na ${shopName}. Ele muda assim que o novo endereço for confirmado. Se foi você, não precisa fazer nada aqui.`,
    ],
    button: 'Não fui eu',
    remark: 'Se não foi você, escolha já uma nova senha. Isso impede a mudança. Avise também no balcão, por favor.',
  }),
  password_changed: ({ name, shopName }) => ({
    subject: `A sua senha na ${shopName} foi alterada`,
    preheader: 'Se foi você, não precisa fazer nada.',
    headline: named('A sua senha foi alterada', name),
    paragraphs: [`A senha da sua conta na ${shopName} acabou de ser alterada. Se foi você, não precisa fazer nada.`],
    button: 'Não fui eu',
    remark: 'Se não foi você, alguém talvez saiba a sua senha. Escolha uma nova, e avise no balcão, por favor.',
  }),
};

const webhookDisabled: Language['webhookDisabled'] = ({ name, host, since }) => ({
  subject: `O webhook “${name}” foi desativado`,
  preheader: `Todas as entregas a ${host} falharam desde ${since}.`,
  headline: 'Um webhook foi desativado',
  paragraphs: [
    `Todas as entregas a ${host} falharam desde ${since}, por isso paramos de enviar eventos a ele.`,
    'Quando o endereço voltar a funcionar, ative o webhook e peça a reentrega dos eventos que ele perdeu.',
  ],
});

const opened = { title: 'A sua conta está pronta', about: (name: Html) => html`Você já pode entrar, ${name}.` };

const pages: Language['pages'] = {
  refused: (title) => `Erro: ${title}`,
  links: {
    signIn: 'Entrar',
    signInAgain: 'Entrar de novo',
    register: 'Fazer um cadastro',
    registerAgain: 'Fazer o cadastro de novo',
    forgot: 'Esqueceu a senha?',
    tryAgain: 'Tentar de novo',
    back: 'Voltar à loja',
    backToChoice: 'Voltar aos seus e-mails',
  },
  fields: { name: 'Nome', email: 'Endereço de e-mail', password: 'Senha', newPassword: 'Nova senha' },
  passwordHint: (minLength) =>
    `Pelo menos ${minLength} caracteres. Algumas palavras sem relação entre si dão uma boa senha.`,
  faults: {
    name: 'Digite o seu nome em uma só linha. Ele precisa ter um caractere visível, e no máximo 100 caracteres.',
    email: 'Este não é um endereço de e-mail.',
    password: {
      too_short: ({ min }) => `A senha precisa ter pelo menos ${min} caracteres.`,
      too_long: ({ max }) => `A senha pode ter no máximo ${max} caracteres.`,
      control_characters: () => 'A senha não pode conter caracteres de controle.',
      too_easy: () =>
        'É fácil demais adivinhar esta senha: ela é feita de senhas comuns, de repetições ou do seu próprio nome. Tente algumas palavras sem relação entre si.',
    },
  },

  signIn: {
    title: 'Entre na sua conta',
    greeting: 'O de sempre, ou algo novo hoje?',
    remember: 'Manter a sessão aberta neste aparelho',
    button: 'Entrar',
    cancel: 'Cancelar',
    wrong: 'O endereço de e-mail ou a senha não confere.',
    tooManyAttempts: (minutes) =>
      `Houve senhas erradas demais. Tente de novo ${inMinutes(minutes)}, ou de uma rede de onde você já entrou antes.`,
    tooLong: 'O endereço de e-mail ou a senha é longo demais. Digite os dois de novo.',
    forStaff: 'Você já entrou, mas esta página é só para a equipe da loja. Entre com uma conta da equipe.',
    forManagers: 'Você já entrou, mas esta página é só para a gerência. Entre com uma conta da gerência.',
    passwordMissing: 'Digite a sua senha.',
    bothMissing: 'Digite o seu endereço de e-mail e a sua senha.',
  },
  signOut: {
    title: 'Sair da conta?',
    about: 'As sessões que você abriu neste navegador em outros aplicativos também se encerram.',
    button: 'Sair',
    stay: 'Continuar na conta',
  },
  signedOut: { title: 'Você saiu da conta', paragraphs: ['Até breve!'] },
  nextStep: { title: 'Só mais um passo', paragraphs: ['Aperte o botão para continuar.'], button: 'Continuar' },
  signInExpired: {
    title: 'Esta página de entrada expirou',
    paragraphs: [
      'Ela ficou aberta por mais de uma hora, você entrou em outra aba, ou o seu navegador bloqueia os nossos cookies.',
      'Volte ao lugar de onde você veio e entre de novo a partir de lá.',
    ],
  },
  foreignForm: {
    title: 'Este formulário não é nosso',
    paragraphs: [
      'O formulário não foi enviado da página de entrada que você abriu, por isso o ignoramos.',
      'Volte ao lugar de onde você veio e entre de novo a partir de lá.',
    ],
  },
  badRequest: {
    title: 'Isso não funcionou',
    paragraphs: [
      'O aplicativo que trouxe você até aqui pediu algo que não podemos fazer.',
      'Envie esta mensagem a quem o desenvolve:',
    ],
  },

  register: { title: 'Cadastro', button: 'Fazer o cadastro' },
  forgot: { title: 'Esqueceu a senha?', button: 'Receber um e-mail' },
  checkYourEmail: {
    title: 'Veja o seu e-mail',
    registered: 'Enviamos um e-mail para você. O link nele abre a sua conta.',
    reset: 'Se houver uma conta com este endereço, enviamos a ele um e-mail com o próximo passo.',
    tooMany: (minutes) =>
      `Você já pediu isto várias vezes. Veja a caixa de entrada e a pasta de spam, ou tente de novo ${inMinutes(minutes)}.`,
    notArrived: 'Se nenhum e-mail chegar, veja a pasta de spam ou tente de novo.',
  },
  newAddress: {
    title: 'Confirme o seu novo endereço',
    about: (address) => html`${address} passa a ser o seu novo endereço.`,
    notYou: 'Se não foi você quem pediu, feche esta página.',
    button: 'Sim, usar este endereço',
  },
  choosePassword: {
    welcome: 'Que bom ter você aqui! Escolha uma senha',
    reset: 'Escolha uma nova senha',
    aboutRegistration: 'Salvar uma senha abre a sua conta. Se não foi você quem fez o cadastro, feche esta página.',
    aboutReset: 'Uma nova senha encerra as suas sessões em todos os outros lugares.',
    button: 'Salvar a senha',
  },
  confirmed: {
    registration: opened,
    invitation: opened,
    reset: { title: 'A sua senha foi salva', about: (name) => html`Você já pode entrar com ela, ${name}.` },
    address: {
      title: 'O seu novo endereço está confirmado',
      about: (name) => html`De agora em diante, entre com ele, ${name}.`,
    },
  },
  linkExpired: {
    title: 'Este link não funciona mais',
    paragraphs: ['Ele já foi usado ou expirou. Se você tem uma conta, pode entrar.'],
  },
  readerGone: {
    title: 'Este link não funciona mais',
    paragraphs: ['A conta a que este link pertencia não existe mais.'],
  },
  problems: {
    404: { title: 'Esta página não existe', paragraphs: ['Confira o endereço, ou comece de novo.'] },
    500: { title: 'Algo deu errado', paragraphs: ['O erro é nosso, e já está registrado. Tente de novo mais tarde.'] },
    503: {
      title: 'Um momento, por favor',
      paragraphs: ['Uma parte da loja está fora do ar. Nada mudou: tente de novo em um minuto.'],
    },
    other: {
      title: 'Não pudemos usar isso',
      paragraphs: ['O seu navegador enviou algo que esta página não aceita. Nada mudou: comece de novo.'],
    },
  },
  tooManyRequests: (minutes) => ({
    title: 'Solicitações demais',
    paragraphs: [`A sua rede nos enviou solicitações demais. Tente de novo ${inMinutes(minutes)}.`],
  }),

  choice: {
    title: 'Os seus e-mails',
    address: 'Escrevemos para',
    about: 'Quais e-mails você quer receber? O recibo de um pedido vem sempre.',
    kinds: {
      edited: 'O seu pedido foi alterado',
      progress: 'Está sendo preparado, voltou para a fila ou foi entregue',
      ready: 'Está pronto',
      reminder: 'Está pronto há algum tempo',
      cancelled: 'Foi cancelado',
    },
    keep: 'Salvar esta escolha',
    none: 'Só recibos, por favor',
    done: 'Pronto',
    kept: 'De agora em diante você recebe os e-mails que escolheu.',
    receiptsOnly: 'De agora em diante você recebe só os recibos.',
    changeYourMind: 'Você pode mudar isso pelo link em qualquer um dos nossos e-mails.',
  },
};

const labels: Language['labels'] = {
  account: 'A sua conta',
  orOpen: 'Se o botão não funcionar, abra este endereço:',
  order: 'Pedido',
  location: { take_away: 'Para viagem', in_house: 'Para comer aqui' },
  cancelled: 'Cancelado',
  steps: { waiting: 'Recebido', preparation: 'Preparo', ready: 'Pronto', delivered: 'Entregue' },
  step: (step, of, name) => `Passo ${step} de ${of}: ${name}`,
  each: (price) => `${price} cada`,
  total: 'Total',
  note: { customer: 'A sua observação', shop: 'Observação' },
  reason: {
    customer: 'Nas palavras do cliente',
    barista: 'Da nossa equipe',
    manager: 'Da nossa equipe',
    service: 'Da nossa equipe',
    operator: 'Da nossa equipe',
    system: 'Do nosso sistema',
  },
  placed: 'Feito em',
  reference: 'Referência',
  open: { customer: 'Ver o pedido', shop: 'Abrir o painel' },
  choose: 'Escolha quais e-mails quer receber',
  footer: {
    customer: (shopName) => `Você recebe este e-mail porque fez um pedido na ${shopName}.`,
    account: (shopName) => `Você recebe este e-mail porque alguém informou este endereço na ${shopName}.`,
    shop: (shopName) => `Para a equipe da ${shopName}.`,
  },
};

export const pt: Language = {
  name: 'Português',
  locale: 'pt-BR',
  customer,
  shop,
  account,
  webhookDisabled,
  pages,
  labels,
};
