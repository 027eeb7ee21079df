import type { Purpose } from '../../domain/account/link.ts';
import type { PasswordFault } from '../../domain/account/password-fault.ts';
import type { EmailKind } from '../../domain/order/email-kinds.ts';
import type { Cancellation, Location, Order } from '../../domain/order/order.ts';
import type { Recipient } from '../../domain/order/recipients.ts';
import type { Status } from '../../domain/order/transitions.ts';
import type { Html } from '../templates/markup.ts';

/** The mails that a customer gets; those of a status change are named for the status. */
type CustomerMail = 'placed' | 'edited' | 'uncollected' | Status;

/** The mails that the shop gets. */
type ShopMail = 'placed' | 'delayed' | 'cancelled';

/** The mails about an account, whoever has one. */
export type AccountMail =
  | 'registration'
  | 'known'
  | 'invitation'
  | 'reset'
  | 'address'
  | 'address_asked'
  | 'password_changed';

/** What a mail about an account tells. */
export interface AccountSubject {
  /** Empty where it is not known. */
  name: string;
  shopName: string;
}

/** The words of such a mail. */
export interface AccountWording extends Wording {
  button: string;
  /** Stands last, small: how long it holds, and what to do if it was not you. */
  remark: string;
}

/** What the mail about a webhook tells that was disabled; on one line already. */
export interface WebhookSubject {
  /** As managers call it. */
  name: string;
  host: string;
  /** The moment since which everything has failed, as people write it. */
  since: string;
}

/** What a mail is about; the names are on one line already. */
export interface Subject {
  order: Order;
  /** Where the order stood before. */
  from: Status | null;
  /** Empty where it is not known. */
  customerName: string;
  shopName: string;
  /** As people say it: `2 × Latte (Vanilla), 1 × Tea`. */
  summary: string;
  /** The order's total as people write it: `$11.60`. */
  total: string;
}

/** The words of one mail. */
export interface Wording {
  subject: string;
  /** What a mailbox shows beside the subject, before the mail is opened. */
  preheader: string;
  headline: string;
  paragraphs: string[];
}

/** A page that only says something. */
export interface Notice {
  title: string;
  paragraphs: string[];
}

/** The words of the pages that mails lead to, and of those where people sign in and out. */
export interface PageWords {
  /** The title of a page whose form was refused. */
  refused: (title: string) => string;
  /** Links from one page to another. */
  links: {
    signIn: string;
    signInAgain: string;
    register: string;
    registerAgain: string;
    forgot: string;
    tryAgain: string;
    /** Leads to where people use the shop. */
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
    /** To a person who is signed in, but not as a manager. */
    forManagers: string;
    passwordMissing: string;
    bothMissing: string;
  };
  signOut: { title: string; about: string; button: string; stay: string };
  signedOut: Notice;
  /** A step that browsers take by themselves if they run scripts. */
  nextStep: Notice & { button: string };
  signInExpired: Notice;
  foreignForm: Notice;
  /** An application's request that is refused. The error in technical English follows the last paragraph. */
  badRequest: Notice;

  register: { title: string; button: string };
  forgot: { title: string; button: string };
  checkYourEmail: {
    title: string;
    registered: string;
    /** Does not reveal whether there is an account. */
    reset: string;
    tooMany: (minutes: number) => string;
    notArrived: string;
  };
  newAddress: { title: string; about: (address: Html) => Html; notYou: string; button: string };
  choosePassword: { welcome: string; reset: string; aboutRegistration: string; aboutReset: string; button: string };
  /** Says what a mailed link has done. */
  confirmed: Record<Purpose, { title: string; about: (name: Html) => Html }>;
  linkExpired: Notice;
  readerGone: Notice;
  /** Requests that the shop does not answer with their page, by status; `other` stands for all other statuses. */
  problems: Record<404 | 500 | 503 | 'other', Notice>;
  tooManyRequests: (minutes: number) => Notice;

  /** The page where customers choose their mails, by the link in each mail. */
  choice: {
    title: string;
    /** Stands before their address, which `about` follows. */
    address: string;
    about: string;
    kinds: Record<EmailKind, string>;
    keep: string;
    /** Does without all but the receipts. */
    none: string;
    done: string;
    kept: string;
    receiptsOnly: string;
    changeYourMind: string;
  };
}

/** All that a shop says in one language: a new language is one more file in this folder that fills this in. */
export interface Language {
  /** As its speakers call it. */
  name: string;
  /** BCP 47; also decides how amounts and dates are written. */
  locale: string;
  customer: Record<CustomerMail, (about: Subject) => Wording>;
  shop: Record<ShopMail, (about: Subject) => Wording>;
  account: Record<AccountMail, (about: AccountSubject) => AccountWording>;
  webhookDisabled: (about: WebhookSubject) => Wording;
  pages: PageWords;
  labels: {
    account: string;
    /** Introduces the link that a button leads to, for who cannot press it. */
    orOpen: string;
    order: string;
    location: Record<Location, string>;
    cancelled: string;
    /** The four steps of an order's way, from waiting to delivered. */
    steps: readonly [string, string, string, string];
    /** Says the tracker aloud: `Step 2 of 4: Making`. */
    step: (step: number, of: number, name: string) => string;
    each: (price: string) => string;
    total: string;
    note: Record<Recipient, string>;
    /** Introduces the reason that somebody typed. */
    reason: Record<Cancellation['by']['type'], string>;
    placed: string;
    reference: string;
    /** Leads to where customers choose which mails they get. */
    choose: string;
    /** Why the reader gets this mail. */
    footer: Record<Recipient | 'account', (shopName: string) => string>;
  };
}
