import type { Database } from '../connection.ts';

/** The argon2id hash of the password `test`. The password is public, so it must not be used in production. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$MhSQlGdc7iLNjvsK7FYWDA$FxJme/R+aJ3VYOKUzhLssNtrh4EWc1YTPsyxmFlCSUg';

const USERS = [
  { id: '0c0ffee0-0000-4000-8000-000000000001', email: 'manager@example.com', name: 'Marta Manager', role: 'manager' },
  {
    id: '0c0ffee0-0000-4000-8000-000000000002',
    email: 'customer@example.com',
    name: 'Carlos Customer',
    role: 'customer',
  },
  { id: '0c0ffee0-0000-4000-8000-000000000003', email: 'barista@example.com', name: 'Bruno Barista', role: 'barista' },
];

/** Adds the users for development and tests unless they exist. Returns the number of users added. */
export async function seedUsers(database: Database): Promise<number> {
  const rows = USERS.map((user) => ({ ...user, password_hash: PASSWORD_HASH }));
  const added = await database('users').insert(rows).onConflict().ignore().returning('id');
  return added.length;
}
