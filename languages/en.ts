import type { PasswordFault } from '../domain/account/password-fault.ts';
import type { Actor } from '../domain/actor.ts';
import type { Channel } from '../domain/order/channel.ts';
import type { CancellationReason } from '../domain/order/order.ts';
import { type Html, html } from './markup.ts';
import type {
  AccountDetails,
  AccountEmail,
  AccountWording,
  CustomerEmail,
  OrderDetails,
  ShopEmail,
  WebhookDetails,
  Wording,
} from './wording.ts';

const named = (greeting: string, name: string): string => (name ? `${greeting}, ${name}` : greeting);

const inMinutes = (count: number): string => (count === 1 ? 'in a minute' : `in ${count} minutes`);

/** Explains to customers why their order was cancelled. */
const apologies: Record<Exclude<CancellationReason, 'customer_request'>, string> = {
  out_of_stock: 'We have run out of something it needs.',
  shop_closed: 'The shop is closed right now.',
  too_busy: 'We have more orders than we can make right now.',
  duplicate: 'You seem to have placed the same order twice, so we kept only one of them.',
  other: 'We could not make it this time.',
};

/** Explains to the shop why an order was cancelled. */
const reasons: Record<CancellationReason, string> = {
  customer_request: 'at the customer’s request',
  out_of_stock: 'something is out of stock',
  shop_closed: 'the shop is closed',
  too_busy: 'too busy',
  duplicate: 'a duplicate',
  other: 'another reason',
};

const actors: Record<Actor['type'], string> = {
  customer: 'the customer',
  barista: 'a barista',
  manager: 'a manager',
  service: 'a connected service',
  operator: 'an operator',
  system: 'the shop’s own system',
};

const cancelledBy = ({ by, reasonCode }: OrderDetails): string =>
  `It was cancelled by ${actors[by]}${reasonCode ? ` (${reasons[reasonCode]})` : ''}.`;

const customer: Record<CustomerEmail, (about: OrderDetails) => Wording> = {
  placed: ({ number, customerName, summary, total }) => ({
    subject: `We’ve got your order #${number}`,
    preheader: `${summary} · ${total}. We’ll write again when we start making it.`,
    headline: `${named('Thank you', customerName)}!`,
    paragraphs: ['We have your order, and we’ll write again when we start making it.'],
  }),
  edited: ({ number, customerName, summary, total }) => ({
    subject: `Order #${number} is updated`,
    preheader: `It’s now ${summary} · ${total}.`,
    headline: named('Your order is updated', customerName),
    paragraphs: ['Here is your order with the changes. It keeps its number and its place in line.'],
  }),
  waiting: ({ number, customerName, summary }) => ({
    subject: `Order #${number} is back in line`,
    preheader: `A short pause for ${summary}. You don’t need to do anything.`,
    headline: named('A short pause', customerName),
    paragraphs: [
      'We had to put your order back in line for a moment. You don’t need to do anything: we’ll write when we start making it again.',
    ],
  }),
  preparation: ({ number, customerName, summary }) => ({
    subject: `We’re making your order #${number}`,
    preheader: `${summary}. We’ll write again when it’s ready.`,
    headline: named('We’re on it', customerName),
    paragraphs: ['We’re making your order now, and we’ll write again when it’s ready.'],
  }),
  ready: ({ number, location, customerName, summary }) => ({
    subject: `Order #${number} is ready!`,
    preheader: `${summary}. Come and get it while it’s fresh.`,
    headline: `${named('It’s ready', customerName)}!`,
    paragraphs: [
      location === 'take_away'
        ? 'Your order is packed to go and waiting at the counter. Just show this number.'
        : 'Your order is waiting at the counter. Just show this number.',
    ],
  }),
  uncollected: ({ number, customerName, summary }) => ({
    subject: `Order #${number} is still waiting for you`,
    preheader: `${summary}. It’s at the counter, and best while it’s fresh.`,
    headline: named('Still at the counter', customerName),
    paragraphs: ['Your order has been ready for a while, and it’s best while it’s fresh. Just show this number.'],
  }),
  delivered: ({ number, customerName, shopName, summary }) => ({
    subject: `Enjoy your order #${number}!`,
    preheader: `${summary}. Thank you for coming to ${shopName}.`,
    headline: `${named('Enjoy', customerName)}!`,
    paragraphs: [`You have your order now. Thank you for coming to ${shopName}, and see you soon!`],
  }),
  cancelled: ({ number, by, reasonCode, customerName, summary }) =>
    by === 'customer' || reasonCode === 'customer_request'
      ? {
          subject: `Order #${number} is cancelled`,
          preheader: `As you asked: ${summary} won’t be made.`,
          headline: named('Cancelled, as you asked', customerName),
          paragraphs: ['We’ve cancelled your order. If you change your mind, we’d love to make you something.'],
        }
      : {
          subject: `Order #${number} is cancelled`,
          preheader: `We’re sorry: ${summary} won’t be made.`,
          headline: named('We’re sorry', customerName),
          paragraphs: [
            `We had to cancel your order. ${apologies[reasonCode ?? 'other']}`,
            'If you have any questions, please ask at the counter.',
          ],
        },
};

const newOrder: Record<Channel, string> = { online: 'New order', counter: 'New counter order' };

const shop: Record<ShopEmail, (about: OrderDetails) => Wording> = {
  placed: ({ number, channel, location, customerName, summary, total }) => ({
    subject: `${newOrder[channel]} #${number}: ${summary}`,
    preheader: `${total} · ${labels.location[location]}${customerName && ` · ${customerName}`}`,
    headline: `${newOrder[channel]}${customerName && ` from ${customerName}`}`,
    paragraphs: [],
  }),
  delayed: ({ number, summary }) => ({
    subject: `Order #${number} has been waiting too long`,
    preheader: `${summary}. It has not been started yet.`,
    headline: 'This order has not been started',
    paragraphs: ['It has been waiting too long. Start it or cancel it.'],
  }),
  cancelled: (about) => ({
    subject: `Cancelled: order #${about.number}`,
    preheader: `${about.summary}. ${cancelledBy(about)}`,
    headline: 'Please don’t make this order',
    paragraphs: [
      `${cancelledBy(about)} ${about.from === 'preparation' ? 'It was being made: please stop.' : 'It had not been started yet.'}`,
    ],
  }),
};

const account: Record<AccountEmail, (about: AccountDetails) => AccountWording> = {
  registration: ({ shopName }) => ({
    subject: `Confirm your address for ${shopName}`,
    preheader: 'Confirm it and choose a password to open your account.',
    headline: 'Is this your address?',
    paragraphs: [
      `Someone has registered at ${shopName} with this address. If it was you, confirm the address and choose a password.`,
    ],
    button: 'Confirm my address',
    remark: 'The link works once, for 24 hours. If it was not you, ignore this email, and no account will be opened.',
  }),
  known: ({ name, shopName }) => ({
    subject: `You already have an account at ${shopName}`,
    preheader: 'Nothing has changed. Sign in as usual.',
    headline: named('You already have an account', name),
    paragraphs: [
      `Someone has just tried to open an account at ${shopName} with this address. If it was you, sign in with the password of your account. Nothing has changed.`,
    ],
    button: 'I forgot my password',
    remark: 'If it was not you, you can ignore this email.',
  }),
  invitation: ({ name, shopName }) => ({
    subject: `You are invited to ${shopName}`,
    preheader: 'Choose a password to open your account.',
    headline: `${named('Welcome', name)}!`,
    paragraphs: [`A manager of ${shopName} has invited you. Choose a password to open your account.`],
    button: 'Choose a password',
    remark: 'The link works once, for 7 days. If you do not want an account, ignore this email.',
  }),
  reset: ({ name, shopName }) => ({
    subject: `Choose a new password for ${shopName}`,
    preheader: 'The link in this email works for an hour.',
    headline: named('Forgot your password? It happens', name),
    paragraphs: ['Use the button to choose a new one. It signs you out everywhere else.'],
    button: 'Choose a new password',
    remark:
      'The link works once, for an hour. If you did not ask for it, ignore this email, and your password stays as it is.',
  }),
  address: ({ name, shopName }) => ({
    subject: `Confirm your new address for ${shopName}`,
    preheader: 'Once you confirm it, we write to this address.',
    headline: named('Your new address', name),
    paragraphs: [
      `You asked us to use this address for your account at ${shopName}. Confirm it, and sign in with it from then on.`,
    ],
    button: 'Confirm my new address',
    remark: 'The link works once, for 24 hours. If it was not you, ignore this email, and nothing changes.',
  }),
  address_asked: ({ name, shopName }) => ({
    subject: `Your address for ${shopName} is about to change`,
    preheader: 'If it was you, you don’t need to do anything here.',
    headline: named('Your address is about to change', name),
    paragraphs: [
      `Someone who knows your password has asked for another address for your account at ${shopName}. It changes once the new address is confirmed. If it was you, you don’t need to do anything here.`,
    ],
    button: 'It was not me',
    remark:
      'If it was not you, choose a new password at once. This stops the change. Please also tell us at the counter.',
  }),
  password_changed: ({ name, shopName }) => ({
    subject: `Your password for ${shopName} was changed`,
    preheader: 'If it was you, you don’t need to do anything.',
    headline: named('Your password was changed', name),
    paragraphs: [
      `The password of your account at ${shopName} was just changed. If it was you, you don’t need to do anything.`,
    ],
    button: 'It was not me',
    remark: 'If it was not you, someone may know your password. Choose a new one, and please tell us at the counter.',
  }),
};

const webhookDisabled = ({ name, host, since }: WebhookDetails): Wording => ({
  subject: `The webhook “${name}” is disabled`,
  preheader: `Every delivery to ${host} has failed since ${since}.`,
  headline: 'A webhook is disabled',
  paragraphs: [
    `Every delivery to ${host} has failed since ${since}, so we have stopped sending events to it.`,
    'Once its endpoint works again, enable the webhook, and redeliver the events that it missed.',
  ],
});

const opened = { title: 'Your account is ready', about: (name: Html) => html`You can sign in now, ${name}.` };

const pages = {
  /** The title of a page after its form was rejected. */
  refused: (title: string) => `Error: ${title}`,
  /** Links from one page to another. */
  links: {
    signIn: 'Sign in',
    signInAgain: 'Sign in again',
    register: 'Register',
    registerAgain: 'Register again',
    forgot: 'Forgot your password?',
    tryAgain: 'Try again',
    /** Leads to the shop's app. */
    back: 'Back to the shop',
    backToChoice: 'Back to your emails',
  },
  fields: { name: 'Name', email: 'Email address', password: 'Password', newPassword: 'New password' },
  /** Advice on a new password. */
  passwordHint: (minLength: number) =>
    `At least ${minLength} characters. A few words that do not belong together make a good password.`,
  faults: {
    name: 'Type your name on one line. It must have a visible character, and at most 100 characters.',
    email: 'This is not an email address.',
    password: {
      too_short: ({ min }) => `The password must have at least ${min} characters.`,
      too_long: ({ max }) => `The password must have at most ${max} characters.`,
      control_characters: () => 'The password must not contain control characters.',
      too_easy: () =>
        'The password is too easy to guess: it is made of common passwords, repetitions or your own name. Try some words that do not belong together.',
    } satisfies Record<PasswordFault, (length: { min: number; max: number }) => string>,
  },

  signIn: {
    title: 'Sign in',
    greeting: 'Your usual, or something new today?',
    remember: 'Stay signed in on this device',
    button: 'Sign in',
    cancel: 'Cancel',
    wrong: 'The email address or the password is wrong.',
    tooManyAttempts: (minutes: number) =>
      `Too many passwords were wrong. Try again ${inMinutes(minutes)}, or from a network where you have signed in before.`,
    tooLong: 'The email address or the password is too long. Type both again.',
    /** Shown to signed-in customers. */
    forStaff: 'You are signed in, but this page is for the shop’s staff. Sign in with a staff account.',
    /** Shown to signed-in users who are not managers. */
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
  /** A form that a script submits. Browsers without scripts show its button. */
  nextStep: { title: 'One more step', paragraphs: ['Press the button to go on.'], button: 'Continue' },
  signInExpired: {
    title: 'This sign-in has expired',
    paragraphs: [
      'The page was open for more than an hour, you signed in on another tab, or your browser blocks our cookies.',
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
  /** Shown when an application's request is rejected. The technical error, in English, follows the last paragraph. */
  badRequest: {
    title: 'That did not work',
    paragraphs: [
      'The application that sent you here asked for something that we cannot do.',
      'Send this message to its developers:',
    ],
  },

  register: { title: 'Register', button: 'Register' },
  forgot: { title: 'Forgot your password?', button: 'Send me an email' },
  checkYourEmail: {
    title: 'Check your email',
    registered: 'We have sent you an email. The link in it opens your account.',
    /** Does not reveal whether the account exists. */
    reset: 'If there is an account with this address, we have sent it an email with the next step.',
    tooMany: (minutes: number) =>
      `You have asked for this several times. Check your inbox and your spam folder, or try again ${inMinutes(minutes)}.`,
    notArrived: 'If no email arrives, check your spam folder, or try again.',
  },
  newAddress: {
    title: 'Confirm your new address',
    about: (address: Html) => html`${address} will be your new address.`,
    notYou: 'If you did not ask for this, close this page.',
    button: 'Yes, use this address',
  },
  choosePassword: {
    welcome: 'Welcome! Choose a password',
    reset: 'Choose a new password',
    aboutRegistration: 'Saving a password opens your account. If you did not register, close this page.',
    aboutReset: 'A new password signs you out everywhere else.',
    button: 'Save password',
  },
  /** Shown when a link in an email has been used. */
  confirmed: {
    registration: opened,
    invitation: opened,
    reset: { title: 'Your password is saved', about: (name: Html) => html`You can sign in with it now, ${name}.` },
    address: {
      title: 'Your new address is confirmed',
      about: (name: Html) => html`Sign in with it from now on, ${name}.`,
    },
  },
  linkExpired: {
    title: 'This link does not work any more',
    paragraphs: ['It was used already, or it has expired. If you have an account, you can sign in.'],
  },
  readerGone: {
    title: 'This link does not work any more',
    paragraphs: ['The account that this link was for no longer exists.'],
  },
  /** Error pages by HTTP status; `other` for all other statuses. */
  problems: {
    404: { title: 'This page does not exist', paragraphs: ['Check the address, or start again.'] },
    500: {
      title: 'Something went wrong',
      paragraphs: ['The error is on our side, and it is in our logs. Try again later.'],
    },
    503: {
      title: 'One moment, please',
      paragraphs: ['A part of the shop is unavailable. Nothing has changed: try again in a minute.'],
    },
    other: {
      title: 'We could not use that',
      paragraphs: ['Your browser sent something that this page does not accept. Nothing has changed: start again.'],
    },
  },
  tooManyRequests: (minutes: number) => ({
    title: 'Too many requests',
    paragraphs: [`Your network has sent us too many requests. Try again ${inMinutes(minutes)}.`],
  }),

  /** The page of the email preferences. */
  choice: {
    title: 'Your emails',
    /** The text before the customer's email address; `about` is the text after it. */
    address: 'We write to',
    about: 'Which emails do you want? You always get the receipt of an order.',
    kinds: {
      edited: 'Your order was changed',
      progress: 'It is being made, is back in line, or was handed over',
      ready: 'It is ready',
      reminder: 'It has been ready for a while',
      cancelled: 'It was cancelled',
    },
    keep: 'Save my choice',
    /** Turns off all emails except receipts. */
    none: 'Only receipts, please',
    done: 'Saved',
    kept: 'From now on you get the emails that you have chosen.',
    receiptsOnly: 'From now on you get receipts only.',
    changeYourMind: 'You can change this with the link in any of our emails.',
  },
};

const labels = {
  account: 'Your account',
  /** The text before the button's URL, which is also shown as text. */
  orOpen: 'If the button does not work, open this address:',
  order: 'Order',
  location: { take_away: 'To go', in_house: 'For here' },
  cancelled: 'Cancelled',
  /** The statuses in the order's progress. */
  steps: { waiting: 'Received', preparation: 'Making', ready: 'Ready', delivered: 'Collected' },
  /** The progress for screen readers: `Step 2 of 4: Making`. */
  step: (step: number, of: number, name: string) => `Step ${step} of ${of}: ${name}`,
  each: (price: string) => `${price} each`,
  total: 'Total',
  note: { customer: 'Your note', shop: 'Note' },
  /** The text before the typed reason for a change, by the type of the actor who made the change. */
  reason: {
    customer: 'In the customer’s words',
    barista: 'From the team',
    manager: 'From the team',
    service: 'From the team',
    operator: 'From the team',
    system: 'From our system',
  },
  placed: 'Placed',
  reference: 'Reference',
  /** The button: leads the customer to the order's page, and the shop to the board. */
  open: { customer: 'See your order', shop: 'Open the board' },
  /** Leads to the email preferences. */
  choose: 'Choose which emails you get',
  /** Explains why the recipient gets this email. */
  footer: {
    customer: (shopName: string) => `You’re getting this because you ordered at ${shopName}.`,
    account: (shopName: string) => `You’re getting this because someone entered this address at ${shopName}.`,
    shop: (shopName: string) => `For the team at ${shopName}.`,
  },
};

export const en = {
  /** The language's own name. */
  name: 'English',
  /** BCP 47. Also determines the format of amounts and dates. */
  locale: 'en-US',
  customer,
  shop,
  account,
  webhookDisabled,
  pages,
  labels,
};
