/** What a link confirms: a registration, an invitation by a manager, a new password, or another address. */
export type Purpose = 'registration' | 'invitation' | 'reset' | 'address';

const HOUR_MS = 60 * 60 * 1_000;

/** How long a link works, counted from its mail, in ms. */
export const lifetimes: Record<Purpose, number> = {
  registration: 24 * HOUR_MS,
  invitation: 7 * 24 * HOUR_MS,
  reset: HOUR_MS,
  address: 24 * HOUR_MS,
};

const pages: Record<Purpose, string> = {
  registration: '/account/verify',
  invitation: '/account/password',
  reset: '/account/password',
  address: '/account/verify',
};

/** Where a link leads. @param publicUrl where people see the shop */
export const linkTo = (publicUrl: string, purpose: Purpose, token: string): string =>
  `${publicUrl}${pages[purpose]}?token=${token}`;

/** Where anyone asks for a new password. */
export const forgotPage = (publicUrl: string): string => `${publicUrl}/account/forgot`;

/** Where the reader of a mail chooses which ones they get. @param token theirs, see `db/users.ts` */
export const choicePage = (publicUrl: string, token: string): string => `${publicUrl}/account/emails?token=${token}`;

/** Where mailboxes say for their reader that there shall be no more mail (RFC 8058). */
export const unsubscribeLink = (publicUrl: string, token: string): string =>
  `${publicUrl}/account/unsubscribe?token=${token}`;
