import type { Cancellation } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { type Html, html } from '../templates/markup.ts';
import type { Language, Subject } from './language.ts';

// As in Brazil, where four of five of its speakers live. What it says greets nobody as a man or a woman.

const opened = { title: 'A sua conta está pronta', about: (name: Html) => html`Você já pode entrar, ${name}.` };

const inMinutes = (count: number): string => (count === 1 ? 'em um minuto' : `em ${count} minutos`);

const named = (greeting: string, name: string): string => (name ? `${greeting}, ${name}` : greeting);

const whyTheShop: Record<NonNullable<Cancellation['reasonCode']>, string> = {
  customer_request: 'Foi você quem pediu, e já o tiramos da fila.',
  out_of_stock: 'Acabou um dos ingredientes, e preferimos avisar a improvisar.',
  shop_closed: 'A loja está fechada agora, e não há ninguém para prepará-lo.',
  too_busy: 'Temos agora mais pedidos do que conseguimos preparar bem.',
  duplicate: 'Parecia o mesmo pedido feito duas vezes, e ficamos com um só.',
  other: 'Desta vez não conseguimos prepará-lo.',
};

const why: Record<NonNullable<Cancellation['reasonCode']>, string> = {
  customer_request: 'a pedido do cliente',
  out_of_stock: 'falta um ingrediente',
  shop_closed: 'a loja está fechada',
  too_busy: 'movimento demais',
  duplicate: 'pedido repetido',
  other: 'outro motivo',
};

const who: Record<Cancellation['by']['type'], string> = {
  customer: 'pelo cliente',
  manager: 'pela gerência',
  service: 'por um serviço conectado',
  operator: 'por um operador',
  system: 'pelo próprio sistema da loja',
};

const whereItStood: Record<Status, string> = {
  waiting: 'Ninguém tinha começado ainda.',
  preparation: 'Estava sendo preparado: parem, por favor.',
  ready: 'Estava pronto no balcão.',
  delivered: 'Já tinha sido entregue.',
  cancelled: '',
};

export const pt: Language = {
  name: 'Português',
  locale: 'pt-BR',

  customer: {
    placed: ({ order, customerName, summary, total }) => ({
      subject: `Recebemos o seu pedido #${order.number}`,
      preheader: `${summary} · ${total}. Escrevemos de novo assim que começarmos.`,
      headline: `${named('Agradecemos o pedido', customerName)}!`,
      paragraphs: ['O seu pedido está com a gente. Escrevemos de novo assim que começarmos.'],
    }),
    edited: ({ order, customerName, summary, total }) => ({
      subject: `O pedido #${order.number} foi alterado`,
      preheader: `Agora é ${summary} · ${total}.`,
      headline: named('Alterado, do jeito que você gosta', customerName),
      paragraphs: ['Aqui está o seu pedido como ficou. O número e o lugar na fila continuam os mesmos.'],
    }),
    waiting: ({ order, customerName, summary }) => ({
      subject: `O pedido #${order.number} voltou para a fila`,
      preheader: `Uma pequena pausa para ${summary}. Nada se perdeu, e você não precisa fazer nada.`,
      headline: named('Uma pequena pausa', customerName),
      paragraphs: [
        'Tivemos de devolver o seu pedido à fila por um momento. Nada se perdeu, e você não precisa fazer nada: escrevemos assim que voltarmos a ele.',
      ],
    }),
    preparation: ({ order, customerName, summary }) => ({
      subject: `Estamos preparando o seu pedido #${order.number}`,
      preheader: `${summary}: em boas mãos. O próximo aviso é que está pronto.`,
      headline: named('Mãos à obra', customerName),
      paragraphs: ['O seu pedido está em boas mãos. O próximo aviso é que está pronto.'],
    }),
    ready: ({ order, customerName, summary }) => ({
      subject: `O pedido #${order.number} está pronto!`,
      preheader: `${summary}. Venha buscar enquanto está fresquinho.`,
      headline: `${named('Está pronto', customerName)}!`,
      paragraphs: [
        order.location === 'take_away'
          ? 'Embalado para viagem, esperando no balcão. É só mostrar este número.'
          : 'Fresquinho no balcão, para a sua mesa. É só mostrar este número.',
      ],
    }),
    uncollected: ({ order, customerName, summary }) => ({
      subject: `O pedido #${order.number} ainda espera por você`,
      preheader: `${summary} está no balcão. Agora é a melhor hora.`,
      headline: named('Ainda no balcão', customerName),
      paragraphs: ['O seu pedido está pronto há algum tempo, e é melhor fresquinho. É só mostrar este número.'],
    }),
    delivered: ({ order, customerName, shopName, summary }) => ({
      subject: `Bom proveito! O pedido #${order.number} é todo seu`,
      preheader: `${summary}. Agradecemos a sua visita à ${shopName}.`,
      headline: `${named('Bom proveito', customerName)}!`,
      paragraphs: [`É tudo, entregue com um sorriso. Agradecemos a sua visita à ${shopName}: até breve.`],
    }),
    cancelled: ({ order, customerName, summary }) => ({
      subject: `O pedido #${order.number} foi cancelado`,
      preheader: `${byTheCustomer(order) ? 'Como você pediu' : 'Sentimos muito'}: ${summary} não será preparado.`,
      headline: named(byTheCustomer(order) ? 'Cancelado, como você pediu' : 'Sentimos muito', customerName),
      paragraphs: byTheCustomer(order)
        ? ['Tiramos o seu pedido da fila. Se mudar de ideia, será um prazer preparar alguma coisa para você.']
        : [
            `Tivemos de cancelar o seu pedido. ${whyTheShop[order.cancellation?.reasonCode ?? 'other']}`,
            'Se tiver alguma dúvida, qualquer pessoa no balcão ajuda com prazer.',
          ],
    }),
  },

  shop: {
    placed: ({ order, customerName, summary, total }) => ({
      subject: `Novo pedido #${order.number}: ${summary}`,
      preheader: `${total} · ${pt.labels.location[order.location]}${customerName && ` · ${customerName}`}`,
      headline: customerName ? `Novo pedido de ${customerName}` : 'Novo pedido',
      paragraphs: [],
    }),
    delayed: ({ order, summary }) => ({
      subject: `O pedido #${order.number} espera há tempo demais`,
      preheader: `${summary}. Ninguém começou ainda.`,
      headline: 'Ninguém começou este aqui',
      paragraphs: ['Ele espera há mais tempo do que devia. Comecem, ou cancelem para que o cliente saiba.'],
    }),
    cancelled: (about) => ({
      subject: `Cancelado: pedido #${about.order.number}`,
      preheader: `${about.summary}. ${cancelledBy(about)}`,
      headline: 'Não preparem este aqui, por favor',
      paragraphs: [about.from ? `${cancelledBy(about)} ${whereItStood[about.from]}` : cancelledBy(about)],
    }),
  },

  account: {
    registration: ({ shopName }) => ({
      subject: `Confirme o seu endereço para a ${shopName}`,
      preheader: 'Escolha uma senha, e a sua conta está aberta.',
      headline: 'É você?',
      paragraphs: [
        `Alguém, esperamos que você, fez um cadastro na ${shopName} com este endereço. Confirme-o, e escolha uma senha.`,
      ],
      button: 'Confirmar o meu endereço',
      remark: 'O link vale uma vez, por 24 horas. Se não foi você, não faça nada: sem você não há conta.',
    }),
    known: ({ name, shopName }) => ({
      subject: `Você já tem uma conta na ${shopName}`,
      preheader: 'Nada mudou. Entre como sempre.',
      headline: named('Você já está com a gente', name),
      paragraphs: [
        `Alguém, talvez você, acabou de informar este endereço na ${shopName} para abrir uma conta. Ele já tem uma. Nada mudou: entre com a sua senha, como sempre.`,
      ],
      button: 'Esqueci a minha senha',
      remark: 'Se não foi você, não precisa fazer nada.',
    }),
    invitation: ({ name, shopName }) => ({
      subject: `Um convite da ${shopName}`,
      preheader: 'Escolha uma senha, e entre.',
      headline: `${named('Que bom ter você aqui', name)}!`,
      paragraphs: [`A gerência da ${shopName} convidou você. Escolha uma senha, e a sua conta está aberta.`],
      button: 'Escolher uma senha',
      remark: 'O link vale uma vez, por 7 dias. Se não quiser uma conta, não faça nada.',
    }),
    reset: ({ name, shopName }) => ({
      subject: `Escolha uma nova senha para a ${shopName}`,
      preheader: 'Um toque, e uma nova senha.',
      headline: named('Esqueceu? Acontece', name),
      paragraphs: ['Aqui você escolhe uma nova senha. Ela encerra as suas sessões em todos os outros lugares.'],
      button: 'Escolher uma nova senha',
      remark:
        'O link vale uma vez, por uma hora. Se não foi você quem pediu, não faça nada: a sua senha continua a mesma.',
    }),
    address: ({ name, shopName }) => ({
      subject: `Confirme o seu novo endereço para a ${shopName}`,
      preheader: 'Um toque, e passamos a escrever para cá.',
      headline: named('Um novo endereço', name),
      paragraphs: [
        `Este passa a ser o endereço da sua conta na ${shopName}. Confirme-o, e entre com ele daqui em diante.`,
      ],
      button: 'Confirmar o meu novo endereço',
      remark: 'O link vale uma vez, por 24 horas. Se não foi você, não faça nada: nenhuma outra conta corre risco.',
    }),
    address_asked: ({ name, shopName }) => ({
      subject: `O seu endereço na ${shopName} vai mudar`,
      preheader: 'Se foi você, está tudo certo.',
      headline: named('Mudança de endereço', name),
      paragraphs: [
        `Alguém que sabe a sua senha pediu outro endereço para a sua conta na ${shopName}. Ele muda assim que for confirmado lá. Se foi você, está tudo certo.`,
      ],
      button: 'Não fui eu',
      remark: 'Se não foi você, escolha já uma nova senha: isso desfaz o pedido. E avise no balcão.',
    }),
    password_changed: ({ name, shopName }) => ({
      subject: `A sua senha na ${shopName} foi alterada`,
      preheader: 'Se foi você, está tudo certo.',
      headline: named('Uma nova senha', name),
      paragraphs: [`A senha da sua conta na ${shopName} acabou de ser alterada. Se foi você, está tudo certo.`],
      button: 'Não fui eu',
      remark: 'Se não foi você, alguém talvez saiba a sua senha: escolha uma nova, e avise no balcão.',
    }),
  },

  webhookDisabled: ({ name, host, since }) => ({
    subject: `O webhook “${name}” foi desativado`,
    preheader: `Tudo o que enviamos a ${host} falhou desde ${since}.`,
    headline: 'Ninguém estava ouvindo',
    paragraphs: [
      `Tudo o que enviamos a ${host} falhou desde ${since}, por isso paramos.`,
      'Quando o endereço voltar a funcionar, ative o webhook e peça a reentrega do que ele perdeu.',
    ],
  }),

  pages: {
    refused: (title) => `Erro: ${title}`,
    links: {
      signIn: 'Entrar',
      signInAgain: 'Entrar de novo',
      register: 'Fazer um cadastro',
      registerAgain: 'Fazer o cadastro de novo',
      forgot: 'Esqueceu a senha?',
      tryAgain: 'Tentar de novo',
      back: 'Voltar à loja',
      backToChoice: 'Voltar à sua escolha',
    },
    fields: { name: 'Nome', email: 'Endereço de e-mail', password: 'Senha', newPassword: 'Nova senha' },
    passwordHint: (min) => `Pelo menos ${min} caracteres. Algumas palavras sem relação entre si dão uma boa senha.`,
    faults: {
      name: 'Digite o seu nome em uma só linha, com até 100 caracteres e pelo menos um visível.',
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
      tooManyTries: (minutes) =>
        `Houve senhas erradas demais. Tente de novo ${inMinutes(minutes)}, ou de um lugar de onde você já entrou antes.`,
      tooLong: 'O endereço de e-mail ou a senha é longo demais. Digite os dois de novo.',
      forManagers: 'Você já entrou, mas o que quer abrir é só para a gerência. Entre com uma conta da gerência.',
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
    nextStep: { title: 'Só mais um passo', paragraphs: ['Aperte o botão para seguir adiante.'], button: 'Continuar' },
    signInExpired: {
      title: 'Esta página de entrada expirou',
      paragraphs: [
        'Ela ficou aberta por mais de uma hora, foi concluída em outra aba, ou o seu navegador não guarda os nossos cookies.',
        'Volte ao lugar de onde você veio e entre de novo a partir de lá.',
      ],
    },
    foreignForm: {
      title: 'Este formulário não é nosso',
      paragraphs: [
        'O que foi enviado não vem da página de entrada que você abriu, por isso não o levamos em conta.',
        'Volte ao lugar de onde você veio e entre de novo a partir de lá.',
      ],
    },
    badRequest: {
      title: 'Isso não funcionou',
      paragraphs: [
        'O aplicativo que trouxe você até aqui pediu algo que não podemos fazer.',
        'Informe a quem o desenvolve:',
      ],
    },

    register: { title: 'Cadastro', button: 'Fazer o cadastro' },
    forgot: { title: 'Esqueceu a senha?', button: 'Escrevam para mim' },
    checkYourEmail: {
      title: 'Veja o seu e-mail',
      registered: 'Escrevemos para você: o link no e-mail abre a sua conta.',
      reset: 'Se houver uma conta com este endereço, escrevemos para ele explicando como continuar.',
      tooMany: (minutes) =>
        `Você já pediu isto várias vezes. Veja a caixa de entrada e a pasta de spam, ou tente de novo ${inMinutes(minutes)}.`,
      notArrived: 'Se nenhum e-mail chegar, veja a pasta de spam ou tente de novo.',
    },
    newAddress: {
      title: 'É você?',
      about: (address) => html`${address} passa a ser o seu novo endereço.`,
      notYou: 'Se não foi você, basta fechar esta página.',
      button: 'Sim, usar este endereço',
    },
    choosePassword: {
      welcome: 'Que bom ter você aqui! Escolha uma senha',
      reset: 'Uma nova senha',
      aboutRegistration: 'Ela abre a sua conta. Se não foi você quem fez o cadastro, basta fechar esta página.',
      aboutReset: 'Ela encerra as suas sessões em todos os outros lugares.',
      button: 'Salvar a senha',
    },
    confirmed: {
      registration: opened,
      invitation: opened,
      reset: { title: 'A sua senha foi salva', about: (name) => html`Você já pode entrar com ela, ${name}.` },
      address: {
        title: 'O seu novo endereço está confirmado',
        about: (name) => html`De agora em diante você entra com ele, ${name}.`,
      },
    },
    linkExpired: {
      title: 'Este link não funciona mais',
      paragraphs: ['Ele já foi usado ou expirou. Talvez você já possa entrar.'],
    },
    readerGone: {
      title: 'Este link não funciona mais',
      paragraphs: ['Ninguém recebe e-mails por ele: a conta a que pertencia não existe mais.'],
    },
    problems: {
      404: { title: 'Esta página não existe', paragraphs: ['Confira o endereço, ou comece de novo.'] },
      500: {
        title: 'Algo deu errado',
        paragraphs: ['A falha é nossa, e já está registrada. Tente de novo mais tarde.'],
      },
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
      title: 'Pedidos demais',
      paragraphs: [`A sua rede nos enviou mais do que conseguimos responder. Tente de novo ${inMinutes(minutes)}.`],
    }),

    choice: {
      title: 'Os seus e-mails',
      address: 'Escrevemos para',
      about: 'Sobre o que devemos escrever? O recibo de um pedido vem sempre.',
      kinds: {
        edited: 'O seu pedido foi alterado',
        progress: 'Está sendo preparado, voltou para a fila ou foi entregue',
        ready: 'Está pronto',
        reminder: 'Está pronto há algum tempo',
        cancelled: 'Foi cancelado',
      },
      keep: 'Guardar esta escolha',
      none: 'Só recibos, por favor',
      done: 'Pronto',
      kept: 'De agora em diante escrevemos como você escolheu.',
      receiptsOnly: 'De agora em diante você recebe só os recibos.',
      changeYourMind: 'Você pode mudar de ideia pelo link em qualquer um dos nossos e-mails.',
    },
  },

  labels: {
    account: 'A sua conta',
    orOpen: 'Se o botão não funcionar, abra este endereço:',
    order: 'Pedido',
    location: { take_away: 'Para viagem', in_house: 'Para comer aqui' },
    cancelled: 'Cancelado',
    steps: ['Recebido', 'Preparo', 'Pronto', 'Entregue'],
    step: (step, of, name) => `Passo ${step} de ${of}: ${name}`,
    each: (price) => `${price} cada`,
    total: 'Total',
    note: { customer: 'A sua observação', shop: 'A observação do cliente' },
    reason: {
      customer: 'Nas palavras do cliente',
      manager: 'Da nossa equipe',
      service: 'Da nossa equipe',
      operator: 'Da nossa equipe',
      system: 'Do nosso sistema',
    },
    placed: 'Feito em',
    reference: 'Referência',
    choose: 'Escolha quais e-mails quer receber',
    footer: {
      customer: (shopName) => `Você recebe este e-mail porque fez um pedido na ${shopName}.`,
      account: (shopName) => `Você recebe este e-mail porque alguém informou este endereço na ${shopName}.`,
      shop: (shopName) => `Para quem está atrás do balcão da ${shopName}.`,
    },
  },
};

const byTheCustomer = (order: Subject['order']): boolean => order.cancellation?.by.type === 'customer';

function cancelledBy({ order: { cancellation } }: Subject): string {
  if (!cancellation) return 'Foi cancelado.';
  const { by, reasonCode } = cancellation;
  const selfEvident = by.type === 'customer' && reasonCode === 'customer_request';
  const reason = reasonCode && !selfEvident ? ` (${why[reasonCode]})` : '';
  return `Foi cancelado ${who[by.type]}${reason}.`;
}
