import { spawn } from 'node:child_process';
import { verifyPassword } from '../../api/auth/password-hash.ts';
import { BARISTA, CUSTOMER, MANAGER } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';

let shop: TestDatabase;

beforeAll(async () => {
  shop = await openDatabase();
});
afterAll(() => shop.close());

function seed(environment: Record<string, string>) {
  const child = spawn(process.execPath, ['db/seed.ts'], {
    env: { ...process.env, DATABASE_URL: shop.server.url, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
  return new Promise<{ code: number | null; out: string; err: string }>((done) => {
    child.on('close', async (code) => {
      const [out, err] = await output;
      done({ code, out: out.join(''), err: err.join('') });
    });
  });
}

test('refuses to seed in production, with one line', async () => {
  const { code, out, err } = await seed({ NODE_ENV: 'production' });
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(err).toContain('Seeds are not allowed in production');
});

test('keeps changed users when it runs again', async () => {
  expect((await seed({ NODE_ENV: 'test' })).code).toBe(0);
  await shop.database('users').where({ id: MANAGER }).update({ name: 'Maria', email: 'maria@example.com' });

  const { code, out } = await seed({ NODE_ENV: 'test' });

  expect([code, out]).toEqual([0, 'The database is already seeded.\n']);
  const people = await shop.database('users').orderBy('id').select('id', 'name', 'email', 'role');
  expect(people).toEqual([
    { id: MANAGER, name: 'Maria', email: 'maria@example.com', role: 'manager' },
    { id: CUSTOMER, name: 'Carlos Customer', email: 'customer@example.com', role: 'customer' },
    { id: BARISTA, name: 'Bruno Barista', email: 'barista@example.com', role: 'barista' },
  ]);
});

test('stores passwords as argon2id with 19 MiB, two passes and one lane', async () => {
  const { password_hash: hash } = await shop.database('users').where({ id: CUSTOMER }).first('password_hash');
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await verifyPassword(hash, 'test')).toBe(true);
  expect(await verifyPassword(hash, 'Test')).toBe(false);
  expect(await verifyPassword(undefined, 'test')).toBe(false);
});
