import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/passwords.ts';
import type { Role } from '../../domain/actor.ts';
import type { Shop } from '../shop.ts';

/** Somebody who is signed in. */
export interface Person {
  id: string;
  email: string;
  password: string;
  token: string;
}

/** Makes one more customer of a shop. */
export const newCustomer = (shop: Shop, name = 'Nora Newcomer'): Promise<Person> => newPerson(shop, name, 'customer');

/** Makes one more manager of a shop. */
export const newManager = (shop: Shop): Promise<Person> => newPerson(shop, 'Milan Manager', 'manager');

async function newPerson(shop: Shop, name: string, role: Role): Promise<Person> {
  const id = randomUUID();
  const email = `${id}@example.com`;
  const password = randomUUID();
  const password_hash = await hashPassword(password);
  await shop.database('users').insert({ id, email, name, password_hash, role });
  return { id, email, password, token: await shop.signIn(email, password) };
}
