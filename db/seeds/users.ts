import type { Database } from '../connection.ts';
import { hashPassword } from '../passwords.ts';

/** Known to everyone who reads this file: never for production. */
const PASSWORD = 'test';

const USERS = [
  { id: '0c0ffee0-0000-4000-8000-000000000001', email: 'manager@example.com', name: 'Marta Manager', role: 'manager' },
  {
    id: '0c0ffee0-0000-4000-8000-000000000002',
    email: 'customer@example.com',
    name: 'Carlos Customer',
    role: 'customer',
  },
];

/** The two people of a development machine and of the tests. Whoever is there already stays as they are. Returns how many it added. */
export async function seedUsers(database: Database): Promise<number> {
  const rows = await Promise.all(USERS.map(async (user) => ({ ...user, password_hash: await hashPassword(PASSWORD) })));
  const added = await database('users').insert(rows).onConflict().ignore().returning('id');
  return added.length;
}
