import { randomUUID } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import type { Arrival } from '../email/mail-servers.ts';
import type { Answer, Shop } from '../shop.ts';

/** Takes the time of a worker and an SMTP server that share the machine with other tests, in ms. */
const waitOptions = { deadline: 20_000 };

/** Good by the rules, and nobody's. */
export const PASSWORD = 'seven violins in the rain';
export const ANOTHER = 'a lamp under the green ladder';

/** Posts JSON to a shop, as somebody or nobody. */
export const postTo =
  (shop: () => Shop) =>
  (path: string, body: unknown, as?: string): Promise<Answer> =>
    shop().request('POST', path, { body, ...(as && { as }) });

/** An address that nobody has used. */
export const newAddress = (): string => `${randomUUID()}@example.com`;

/** All mails to an address so far, the oldest first. */
export const emailsTo = (shop: Shop, address: string): Arrival[] =>
  shop.smtp.arrivals.filter(({ to }) => to.includes(address));

/** Waits for the n-th mail to an address. */
export async function emailTo(shop: Shop, address: string, n = 1): Promise<Arrival> {
  await waitFor(`Mail ${n} to ${address}`, () => emailsTo(shop, address).length >= n, waitOptions);
  return emailsTo(shop, address)[n - 1] as Arrival;
}

/** Path and token of the link in a mail. */
export function linkIn({ mail }: Arrival): { path: string; token: string } {
  const link = /^https?:\/\/\S+$/m.exec(mail.text ?? '')?.[0];
  if (!link) throw new Error(`There is no link in: ${mail.text}`);
  const { pathname, searchParams } = new URL(link);
  return { path: pathname, token: searchParams.get('token') as string };
}

/** Registers somebody and opens their account, as they would. */
export async function newAccount(shop: Shop, email = newAddress(), name = 'Nora Newcomer'): Promise<{ email: string }> {
  const next = emailsTo(shop, email).length + 1;
  await shop.request('POST', '/v1/users', { body: { email, name } });
  const { token } = linkIn(await emailTo(shop, email, next));
  const { status } = await shop.request('POST', '/v1/users/verify', { body: { token, password: PASSWORD } });
  if (status !== 200) throw new Error(`${email} could not be verified: ${status}`);
  return { email };
}

/** Sends a form, as a page without JavaScript does. */
export async function submit(shop: Shop, path: string, form: Record<string, string>): Promise<Answer> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return shop.request('POST', path, { body: new URLSearchParams(form).toString(), headers });
}

/** The headers of an answer but for those that tell the moment and the request. */
export const lastingHeaders = ({ headers }: Answer): Record<string, string> =>
  Object.fromEntries([...headers].filter(([name]) => name !== 'date' && name !== 'x-request-id'));
