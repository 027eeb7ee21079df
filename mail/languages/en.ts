import type { Cancellation } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { type Html, html } from '../templates/markup.ts';
import type { Language, Subject } from './language.ts';

const opened = { title: 'Your account is ready', about: (name: Html) => html`You can sign in now, ${name}.` };

const inMinutes = (count: number): string => (count === 1 ? 'in a minute' : `in ${count} minutes`);

const named = (greeting: string, name: string): string => (name ? `${greeting}, ${name}` : greeting);

const whyTheShop: Record<NonNullable<Cancellation['reasonCode']>, string> = {
  customer_request: 'You asked us to, so we took it off the list.',
  out_of_stock: 'We have run out of something it needs, and would rather tell you than guess.',
  shop_closed: 'The shop is closed right now, so nobody is there to make it.',
  too_busy: 'There are more orders than we can make well right now.',
  duplicate: 'It looked like the same order placed twice, so we kept only one.',
  other: 'We could not make it this time.',
};

const why: Record<NonNullable<Cancellation['reasonCode']>, string> = {
  customer_request: 'at the customer’s request',
  out_of_stock: 'something is out of stock',
  shop_closed: 'the shop is closed',
  too_busy: 'too busy',
  duplicate: 'a duplicate',
  other: 'another reason',
};

const who: Record<Cancellation['by']['type'], string> = {
  customer: 'the customer',
  manager: 'a manager',
  service: 'a connected service',
  operator: 'an operator',
  system: 'the shop’s own system',
};

const whereItStood: Record<Status, string> = {
  waiting: 'Nobody had started it yet.',
  preparation: 'It was being made: please stop.',
  ready: 'It was ready at the counter.',
  delivered: 'It had been handed over.',
  cancelled: '',
};

export const en: Language = {
  name: 'English',
  locale: 'en-US',

  customer: {
    placed: ({ order, customerName, summary, total }) => ({
      subject: `We’ve got your order #${order.number}`,
      preheader: `${summary} · ${total}. We’ll write again the moment we start on it.`,
      headline: `${named('Thank you', customerName)}!`,
      paragraphs: ['Your order is with us. We’ll write again the moment we start on it.'],
    }),
    edited: ({ order, customerName, summary, total }) => ({
      subject: `Order #${order.number} is updated`,
      preheader: `It’s now ${summary} · ${total}.`,
      headline: named('Changed, just as you like it', customerName),
      paragraphs: ['Here is your order as it stands now. It keeps its number and its place in line.'],
    }),
    waiting: ({ order, customerName, summary }) => ({
      subject: `Order #${order.number} is back in line`,
      preheader: `A short pause for ${summary}. Nothing is lost, and nothing for you to do.`,
      headline: named('A short pause', customerName),
      paragraphs: [
        'We had to put your order back in line for a moment. Nothing is lost, and there is nothing for you to do: we’ll write as soon as we’re on it again.',
      ],
    }),
    preparation: ({ order, customerName, summary }) => ({
      subject: `We’re making your order #${order.number}`,
      preheader: `${summary}: in good hands. Next you’ll hear that it’s ready.`,
      headline: named('We’re on it', customerName),
      paragraphs: ['Your order is in good hands now. The next thing you’ll hear is that it’s ready.'],
    }),
    ready: ({ order, customerName, summary }) => ({
      subject: `Order #${order.number} is ready!`,
      preheader: `${summary}. Come and get it while it’s fresh.`,
      headline: `${named('It’s ready', customerName)}!`,
      paragraphs: [
        order.location === 'take_away'
          ? 'Packed to go and waiting at the counter. Just show this number.'
          : 'Fresh at the counter, for your table. Just show this number.',
      ],
    }),
    uncollected: ({ order, customerName, summary }) => ({
      subject: `Order #${order.number} is still waiting for you`,
      preheader: `${summary} stands at the counter. It is best now.`,
      headline: named('Still at the counter', customerName),
      paragraphs: ['Your order has been ready for a while, and it is best fresh. Just show this number.'],
    }),
    delivered: ({ order, customerName, shopName, summary }) => ({
      subject: `Enjoy! Order #${order.number} is all yours`,
      preheader: `${summary}. Thank you for coming to ${shopName}.`,
      headline: `${named('Enjoy', customerName)}!`,
      paragraphs: [`That’s everything, handed over with a smile. Thank you for coming to ${shopName}: see you soon.`],
    }),
    cancelled: ({ order, customerName, summary }) => ({
      subject: `Order #${order.number} is cancelled`,
      preheader: `${byTheCustomer(order) ? 'As you asked' : 'We’re sorry'}: ${summary} won’t be made.`,
      headline: byTheCustomer(order)
        ? named('Cancelled, as you asked', customerName)
        : named('We’re sorry', customerName),
      paragraphs: byTheCustomer(order)
        ? ['We’ve taken your order off the list. If you change your mind, we’d love to make you something.']
        : [
            `We had to cancel your order. ${whyTheShop[order.cancellation?.reasonCode ?? 'other']}`,
            'If you have any questions, anyone at the counter is glad to help.',
          ],
    }),
  },

  shop: {
    placed: ({ order, customerName, summary, total }) => ({
      subject: `New order #${order.number}: ${summary}`,
      preheader: `${total} · ${en.labels.location[order.location]}${customerName && ` · ${customerName}`}`,
      headline: customerName ? `New order from ${customerName}` : 'New order',
      paragraphs: [],
    }),
    delayed: ({ order, summary }) => ({
      subject: `Order #${order.number} has been waiting too long`,
      preheader: `${summary}. Nobody has started on it yet.`,
      headline: 'Nobody has started on this one',
      paragraphs: ['It has been waiting longer than it should. Start on it, or cancel it so that the customer knows.'],
    }),
    cancelled: (about) => ({
      subject: `Cancelled: order #${about.order.number}`,
      preheader: `${about.summary}. ${cancelledBy(about)}`,
      headline: 'Please don’t make this one',
      paragraphs: [about.from ? `${cancelledBy(about)} ${whereItStood[about.from]}` : cancelledBy(about)],
    }),
  },

  account: {
    registration: ({ shopName }) => ({
      subject: `Confirm your address for ${shopName}`,
      preheader: 'Choose a password, and your account is open.',
      headline: 'Is this you?',
      paragraphs: [
        `Somebody, hopefully you, has registered at ${shopName} with this address. Confirm it, and choose a password.`,
      ],
      button: 'Confirm my address',
      remark: 'The link works once, for 24 hours. If it was not you, do nothing: without you there is no account.',
    }),
    known: ({ name, shopName }) => ({
      subject: `You already have an account at ${shopName}`,
      preheader: 'Nothing has changed. Sign in as always.',
      headline: named('You’re already with us', name),
      paragraphs: [
        `Somebody, perhaps you, has just given this address at ${shopName} for an account. It has one already. Nothing has changed: sign in with your password as always.`,
      ],
      button: 'I have forgotten my password',
      remark: 'If it was not you, there is nothing for you to do.',
    }),
    invitation: ({ name, shopName }) => ({
      subject: `You are invited to ${shopName}`,
      preheader: 'Choose a password, and come in.',
      headline: `${named('Welcome', name)}!`,
      paragraphs: [`A manager of ${shopName} has invited you. Choose a password, and your account is open.`],
      button: 'Choose a password',
      remark: 'The link works once, for 7 days. If you do not want an account, do nothing.',
    }),
    reset: ({ name, shopName }) => ({
      subject: `Choose a new password for ${shopName}`,
      preheader: 'One press, and a new password.',
      headline: named('Forgotten? It happens', name),
      paragraphs: ['Here is where you choose a new password. It signs you out everywhere else.'],
      button: 'Choose a new password',
      remark: 'The link works once, for an hour. If you did not ask for it, do nothing: your password stays as it is.',
    }),
    address: ({ name, shopName }) => ({
      subject: `Confirm your new address for ${shopName}`,
      preheader: 'One press, and we write here from now on.',
      headline: named('A new address', name),
      paragraphs: [
        `This is to be the address of your account at ${shopName}. Confirm it, and sign in with it from then on.`,
      ],
      button: 'Confirm my new address',
      remark: 'The link works once, for 24 hours. If it was not you, do nothing: nobody else’s account is at risk.',
    }),
    address_asked: ({ name, shopName }) => ({
      subject: `Your address for ${shopName} is about to change`,
      preheader: 'If it was you, all is well.',
      headline: named('Moving out of this mailbox', name),
      paragraphs: [
        `Somebody who knows your password has asked for another address for your account at ${shopName}. It changes as soon as it is confirmed there. If it was you, all is well.`,
      ],
      button: 'It was not me',
      remark: 'If it was not you, choose a new password at once: that calls it off. And tell us at the counter.',
    }),
    password_changed: ({ name, shopName }) => ({
      subject: `Your password for ${shopName} was changed`,
      preheader: 'If it was you, all is well.',
      headline: named('A new password', name),
      paragraphs: [`The password of your account at ${shopName} was just changed. If it was you, all is well.`],
      button: 'It was not me',
      remark: 'If it was not you, somebody else may know your password: choose a new one, and tell us at the counter.',
    }),
  },

  webhookDisabled: ({ name, host, since }) => ({
    subject: `The webhook “${name}” is disabled`,
    preheader: `Everything that we sent to ${host} has failed since ${since}.`,
    headline: 'Nobody was listening',
    paragraphs: [
      `Everything that we sent to ${host} has failed since ${since}, so we have stopped.`,
      'Once its endpoint works again, enable the webhook, and have what it missed delivered again.',
    ],
  }),

  pages: {
    refused: (title) => `Error: ${title}`,
    links: {
      signIn: 'Sign in',
      signInAgain: 'Sign in again',
      register: 'Register',
      registerAgain: 'Register again',
      forgot: 'Forgotten your password?',
      tryAgain: 'Try again',
      back: 'Back to the shop',
      backToChoice: 'Back to your choice',
    },
    fields: { name: 'Name', email: 'Email address', password: 'Password', newPassword: 'New password' },
    passwordHint: (min) => `At least ${min} characters. A few words that do not belong together make a good one.`,
    faults: {
      name: 'Type your name: one line of up to 100 characters, at least one of which can be seen.',
      email: 'This is not an email address.',
      password: {
        too_short: ({ min }) => `The password must have at least ${min} characters.`,
        too_long: ({ max }) => `The password must have at most ${max} characters.`,
        control_characters: () => 'The password must not contain control characters.',
        too_easy: () =>
          'The password is too easy to guess: it is made of common passwords, repetitions or your own name. Try some words that do not belong together.',
      },
    },

    signIn: {
      title: 'Sign in',
      greeting: 'Your usual, or something new today?',
      remember: 'Stay signed in on this device',
      button: 'Sign in',
      cancel: 'Cancel',
      wrong: 'The email address or the password is wrong.',
      tooManyTries: (minutes) =>
        `Too many passwords were wrong. Try again ${inMinutes(minutes)}, or from where you have signed in before.`,
      tooLong: 'The email address or the password is too long. Type both again.',
      forManagers: 'You are signed in, but this page is for managers. Sign in with a manager’s account.',
      passwordMissing: 'Type your password.',
      bothMissing: 'Type your email address and your password.',
    },
    signOut: {
      title: 'Sign out?',
      about: 'This also signs you out of the other apps that you signed in to from this browser.',
      button: 'Sign out',
      stay: 'Stay signed in',
    },
    signedOut: { title: 'You are signed out', paragraphs: ['See you soon!'] },
    nextStep: { title: 'One more step', paragraphs: ['Press the button to go on.'], button: 'Continue' },
    signInExpired: {
      title: 'This sign-in has expired',
      paragraphs: [
        'It was open for more than an hour, was finished in another tab, or your browser keeps no cookies from us.',
        'Go back to where you came from, and sign in again from there.',
      ],
    },
    foreignForm: {
      title: 'This form is not ours',
      paragraphs: [
        'The form was not sent from the sign-in page that you opened, so we ignored it.',
        'Go back to where you came from, and sign in again from there.',
      ],
    },
    badRequest: {
      title: 'That did not work',
      paragraphs: [
        'The application that sent you here asked for something that we cannot do.',
        'Send this message to its developers:',
      ],
    },

    register: { title: 'Register', button: 'Register' },
    forgot: { title: 'Forgotten your password?', button: 'Send me an email' },
    checkYourEmail: {
      title: 'Check your email',
      registered: 'We have written to you: the link in the email opens your account.',
      reset: 'If there is an account with this address, we have sent it an email with the next step.',
      tooMany: (minutes) =>
        `You have asked for this several times. Check your inbox and your spam folder, or try again ${inMinutes(minutes)}.`,
      notArrived: 'If no email arrives, check your spam folder, or try again.',
    },
    newAddress: {
      title: 'Is this you?',
      about: (address) => html`${address} will be your new address.`,
      notYou: 'If it was not you, just close this page.',
      button: 'Yes, use this address',
    },
    choosePassword: {
      welcome: 'Welcome! Choose a password',
      reset: 'A new password',
      aboutRegistration: 'It opens your account. If you did not register, just close this page.',
      aboutReset: 'A new password signs you out everywhere else.',
      button: 'Save password',
    },
    confirmed: {
      registration: opened,
      invitation: opened,
      reset: { title: 'Your password is saved', about: (name) => html`You can sign in with it now, ${name}.` },
      address: {
        title: 'Your new address is confirmed',
        about: (name) => html`From now on you sign in with it, ${name}.`,
      },
    },
    linkExpired: {
      title: 'This link does not work any more',
      paragraphs: ['It was used already, or it has expired. Perhaps you can simply sign in.'],
    },
    readerGone: {
      title: 'This link does not work any more',
      paragraphs: ['The account that this link was for no longer exists.'],
    },
    problems: {
      404: { title: 'This page does not exist', paragraphs: ['Check the address, or start again.'] },
      500: { title: 'Something went wrong', paragraphs: ['It is our fault, and our logs have it. Try again later.'] },
      503: {
        title: 'One moment, please',
        paragraphs: ['A part of the shop cannot be reached. Nothing has changed: try again in a minute.'],
      },
      other: {
        title: 'We could not use that',
        paragraphs: ['Your browser sent something that this page does not take. Nothing has changed: start again.'],
      },
    },
    tooManyRequests: (minutes) => ({
      title: 'Too many requests',
      paragraphs: [`Your network has sent us more than we can answer. Try again ${inMinutes(minutes)}.`],
    }),

    choice: {
      title: 'Your emails',
      address: 'We write to',
      about: 'Which emails do you want? You always get the receipt of an order.',
      kinds: {
        edited: 'Your order was changed',
        progress: 'It is being made, is back in line, or was handed over',
        ready: 'It is ready',
        reminder: 'It has been ready for a while',
        cancelled: 'It was cancelled',
      },
      keep: 'Keep this choice',
      none: 'Only receipts, please',
      done: 'That’s it',
      kept: 'From now on we write as you have chosen.',
      receiptsOnly: 'From now on you get receipts only.',
      changeYourMind: 'You can change this with the link in any of our emails.',
    },
  },

  labels: {
    account: 'Your account',
    orOpen: 'If the button does nothing, open this address:',
    order: 'Order',
    location: { take_away: 'To go', in_house: 'For here' },
    cancelled: 'Cancelled',
    steps: ['Received', 'Making', 'Ready', 'Enjoy'],
    step: (step, of, name) => `Step ${step} of ${of}: ${name}`,
    each: (price) => `${price} each`,
    total: 'Total',
    note: { customer: 'Your note', shop: 'The customer’s note' },
    reason: {
      customer: 'In the customer’s words',
      manager: 'From the team',
      service: 'From the team',
      operator: 'From the team',
      system: 'From our system',
    },
    placed: 'Placed',
    reference: 'Reference',
    choose: 'Choose which emails you get',
    footer: {
      customer: (shopName) => `You’re getting this because you ordered at ${shopName}.`,
      account: (shopName) => `You’re getting this because somebody gave this address at ${shopName}.`,
      shop: (shopName) => `For the people behind the counter at ${shopName}.`,
    },
  },
};

const byTheCustomer = (order: Subject['order']): boolean => order.cancellation?.by.type === 'customer';

function cancelledBy({ order: { cancellation } }: Subject): string {
  if (!cancellation) return 'It was cancelled.';
  const { by, reasonCode } = cancellation;
  const selfEvident = by.type === 'customer' && reasonCode === 'customer_request';
  const reason = reasonCode && !selfEvident ? ` (${why[reasonCode]})` : '';
  return `It was cancelled by ${who[by.type]}${reason}.`;
}
