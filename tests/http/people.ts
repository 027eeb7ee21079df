import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/password-hash.ts';
import { createServiceClientRepository } from '../../db/service-clients.ts';
import type { Role } from '../../domain/actor.ts';
import type { Scope } from '../../domain/scopes.ts';
import { submitOnce } from '../accounts/mailbox.ts';
import type { Shop } from '../shop.ts';

/** A user with an access token. */
export interface Person {
  id: string;
  email: string;
  password: string;
  token: string;
}

/** Creates a customer. */
export const newCustomer = (shop: Shop, name = 'Nora Newcomer'): Promise<Person> => newPerson(shop, name, 'customer');

/** Creates a barista. */
export const newBarista = (shop: Shop): Promise<Person> => newPerson(shop, 'Bela Barista', 'barista');

/** Creates a manager. */
export const newManager = (shop: Shop): Promise<Person> => newPerson(shop, 'Milan Manager', 'manager');

/** Creates a service client with these scopes. */
export async function newService(shop: Shop, scopes: readonly Scope[]): Promise<Pick<Person, 'id' | 'token'>> {
  const { id, secret } = (await createServiceClientRepository(shop.database).add(randomUUID(), scopes))!;
  const form = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
  return { id, token: (await submitOnce(shop, '/oauth/token', form)).body.access_token };
}

async function newPerson(shop: Shop, name: string, role: Role): Promise<Person> {
  const id = randomUUID();
  const email = `${id}@example.com`;
  const password = randomUUID();
  const password_hash = await hashPassword(password);
  await shop.database('users').insert({ id, email, name, password_hash, role });
  return { id, email, password, token: await shop.signIn(email, password) };
}
