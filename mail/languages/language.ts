import type { Purpose } from '../../domain/account/link.ts';
import type { PasswordFault } from '../../domain/account/password-fault.ts';
import type { EmailKind } from '../../domain/order/email-kinds.ts';
import type { Cancellation, Location, Order } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import type { Status } from '../../domain/order/transitions.ts';
import type { Html } from '../templates/markup.ts';

/** The emails to a customer. Those about a status change are named after the status. */
type CustomerEmail = 'placed' | 'edited' | 'uncollected' | Status;

/** The emails to the shop. */
type ShopEmail = 'placed' | 'delayed' | 'cancelled';

/** The emails about an account. */
export type AccountEmail =
  | 'registration'
  | 'known'
  | 'invitation'
  | 'reset'
  | 'address'
  | 'address_asked'
  | 'password_changed';

/** The data of the texts about an account. */
export interface AccountSubject {
  /** Empty if unknown. */
  name: string;
  shopName: string;
}

/** The texts of an email about an account. */
export interface AccountWording extends Wording {
  button: string;
  /** Small print: how long the link is valid, and what to do about an unexpected email. */
  remark: string;
}

/** The data of the texts about a disabled webhook. Each value is one line. */
export interface WebhookSubject {
  /** The name that managers gave it. */
  name: string;
  host: string;
  /** The time of the first failure without a later success, formatted. */
  since: string;
}

/** The data of the texts about an order. Names are one line. */
export interface Subject {
  order: Order;
  /** The previous status. */
  from: Status | null;
  /** Empty if unknown. */
  customerName: string;
  shopName: string;
  /** `2 × Latte (Vanilla), 1 × Tea`. */
  summary: string;
  /** Formatted: `$11.60`. */
  total: string;
}

/** The texts of one email. */
export interface Wording {
  subject: string;
  /** The preview that a mailbox shows beside the subject. */
  preheader: string;
  headline: string;
  paragraphs: string[];
}

/** A page without a form. */
export interface Notice {
  title: string;
  paragraphs: string[];
}

/** The texts of the account pages and the sign-in pages. */
export interface PageWords {
  /** The title of a page after its form was rejected. */
  refused: (title: string) => string;
  /** Links from one page to another. */
  links: {
    signIn: string;
    signInAgain: string;
    register: string;
    registerAgain: string;
    forgot: string;
    tryAgain: string;
    /** Leads to the shop's app. */
    back: string;
    backToChoice: string;
  };
  fields: { name: string; email: string; password: string; newPassword: string };
  /** Advice on a new password. @param min its least number of characters */
  passwordHint: (min: number) => string;
  faults: {
    name: string;
    email: string;
    password: Record<PasswordFault, (length: { min: number; max: number }) => string>;
  };

  signIn: {
    title: string;
    greeting: string;
    remember: string;
    button: string;
    cancel: string;
    wrong: string;
    tooManyTries: (minutes: number) => string;
    tooLong: string;
    /** Shown to signed-in users who are not managers. */
    forManagers: string;
    passwordMissing: string;
    bothMissing: string;
  };
  signOut: { title: string; about: string; button: string; stay: string };
  signedOut: Notice;
  /** A form that a script submits. Browsers without scripts show its button. */
  nextStep: Notice & { button: string };
  signInExpired: Notice;
  foreignForm: Notice;
  /** A rejected request of an application. The technical error, in English, follows the last paragraph. */
  badRequest: Notice;

  register: { title: string; button: string };
  forgot: { title: string; button: string };
  checkYourEmail: {
    title: string;
    registered: string;
    /** Does not reveal whether the account exists. */
    reset: string;
    tooMany: (minutes: number) => string;
    notArrived: string;
  };
  newAddress: { title: string; about: (address: Html) => Html; notYou: string; button: string };
  choosePassword: { welcome: string; reset: string; aboutRegistration: string; aboutReset: string; button: string };
  /** The results of links in emails. */
  confirmed: Record<Purpose, { title: string; about: (name: Html) => Html }>;
  linkExpired: Notice;
  readerGone: Notice;
  /** Error pages by HTTP status; `other` for all other statuses. */
  problems: Record<404 | 500 | 503 | 'other', Notice>;
  tooManyRequests: (minutes: number) => Notice;

  /** The page of the email preferences. */
  choice: {
    title: string;
    /** Precedes the customer's address. `about` follows it. */
    address: string;
    about: string;
    kinds: Record<EmailKind, string>;
    keep: string;
    /** Turns off all emails except receipts. */
    none: string;
    done: string;
    kept: string;
    receiptsOnly: string;
    changeYourMind: string;
  };
}

/** All texts in one language. Each language is a file in this folder. */
export interface Language {
  /** The language's own name. */
  name: string;
  /** BCP 47. Also the format of amounts and dates. */
  locale: string;
  customer: Record<CustomerEmail, (about: Subject) => Wording>;
  shop: Record<ShopEmail, (about: Subject) => Wording>;
  account: Record<AccountEmail, (about: AccountSubject) => AccountWording>;
  webhookDisabled: (about: WebhookSubject) => Wording;
  pages: PageWords;
  labels: {
    account: string;
    /** Introduces the URL of the button as text. */
    orOpen: string;
    order: string;
    location: Record<Location, string>;
    cancelled: string;
    /** The four statuses from waiting to delivered. */
    steps: readonly [string, string, string, string];
    /** The progress for screen readers: `Step 2 of 4: Making`. */
    step: (step: number, of: number, name: string) => string;
    each: (price: string) => string;
    total: string;
    note: Record<Recipient, string>;
    /** Introduces the typed reason. */
    reason: Record<Cancellation['by']['type'], string>;
    placed: string;
    reference: string;
    /** Leads to the email preferences. */
    choose: string;
    /** Explains why the recipient gets this email. */
    footer: Record<Recipient | 'account', (shopName: string) => string>;
  };
}
