import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import type { Arrival } from '../email/mail-servers.ts';
import { type Answer, type RequestOptions, retryWhileUnavailable, type Shop } from '../shop.ts';

/** The timeout for an email, in ms. It is long enough for a worker and an SMTP server on a busy machine. */
const waitOptions = { deadline: 20_000 };

/** Passwords that the rules accept. */
export const PASSWORD = 'seven violins in the rain';
export const ANOTHER = 'a lamp under the green ladder';

/** Repeats a POST while the API answers 503. Such a request may still have sent an email, whose link is invalid. */
const requestUntilAvailable = (shop: Shop, path: string, options: RequestOptions): Promise<Answer> =>
  retryWhileUnavailable(() => shop.request('POST', path, options));

/** Returns a function that posts JSON to a shop, with an access token if given. */
export const postTo =
  (shop: () => Shop) =>
  (path: string, body: unknown, as?: string): Promise<Answer> =>
    requestUntilAvailable(shop(), path, { body, ...(as && { as }) });

/** Returns an unused address. */
export const newAddress = (): string => `${randomUUID()}@example.com`;

/** Returns all emails to an address so far, the oldest first. */
export const emailsTo = (shop: Shop, address: string): Arrival[] =>
  shop.smtp.arrivals.filter(({ to }) => to.includes(address));

/** Waits for the n-th email to an address. */
export async function emailTo(shop: Shop, address: string, n = 1): Promise<Arrival> {
  await waitFor(`Email ${n} to ${address}`, () => emailsTo(shop, address).length >= n, waitOptions);
  return emailsTo(shop, address)[n - 1] as Arrival;
}

/** Returns the path and token of the link in an email. */
export function linkIn({ mail }: Arrival): { path: string; token: string } {
  const link = /^https?:\/\/\S+$/m.exec(mail.text ?? '')?.[0];
  if (!link) throw new Error(`There is no link in: ${mail.text}`);
  const { pathname, searchParams } = new URL(link);
  return { path: pathname, token: searchParams.get('token') as string };
}

/** Registers a user and opens the account. */
export async function newAccount(shop: Shop, email = newAddress(), name = 'Nora Newcomer'): Promise<{ email: string }> {
  const next = emailsTo(shop, email).length + 1;
  await requestUntilAvailable(shop, '/v1/users', { body: { email, name } });
  const { token } = linkIn(await emailTo(shop, email, next));
  const { status } = await requestUntilAvailable(shop, '/v1/users/verify', { body: { token, password: PASSWORD } });
  if (status !== 200) throw new Error(`${email} could not be verified: ${status}`);
  return { email };
}

/** Sends a form, as a page without JavaScript does. Does not repeat it after a 503. */
export function submitOnce(shop: Shop, path: string, form: Record<string, string>, as?: string): Promise<Answer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return shop.request('POST', path, { body: new URLSearchParams(form).toString(), headers, ...(as && { as }) });
}

/** Sends a form, and repeats it while the API answers 503. */
export const submit = (shop: Shop, path: string, form: Record<string, string>): Promise<Answer> =>
  retryWhileUnavailable(() => submitOnce(shop, path, form));

/** Returns the headers of an answer, except those that differ with each request. */
export const lastingHeaders = ({ headers }: Answer): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id'));
