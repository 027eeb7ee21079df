/** The purpose of a link in an email. `address`: to confirm a new email address. */
export type Purpose = 'registration' | 'invitation' | 'reset' | 'address';

const HOUR_MS = 60 * 60 * 1_000;

/** How long a link is valid after its email is sent, in ms. */
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

/** Returns the URL of a link. @param publicUrl base URL of the shop's pages */
export const linkTo = (publicUrl: string, purpose: Purpose, token: string): string =>
  `${publicUrl}${pages[purpose]}?token=${token}`;

/** Returns the URL of the page on which a user requests a new password. */
export const forgotPage = (publicUrl: string): string => `${publicUrl}/account/forgot`;

/** Returns the URL of a user's email preferences. @param token the user's `emailToken` */
export const choicePage = (publicUrl: string, token: string): string => `${publicUrl}/account/emails?token=${token}`;

/** Returns the URL for one-click unsubscription (RFC 8058). */
export const unsubscribeLink = (publicUrl: string, token: string): string =>
  `${publicUrl}/account/unsubscribe?token=${token}`;
