import { createUserRepository } from '../../db/users.ts';
import { canonicalEmail } from '../../domain/account/canonical-email.ts';
import { openDatabase, type TestDatabase } from '../auth/database.ts';

let shop: TestDatabase;
beforeAll(async () => {
  shop = await openDatabase();
});
afterAll(() => shop?.close());

/** Every character except NUL, which Postgres rejects, and surrogates. */
const isCharacter = (code: number) => code > 0 && (code < 0xd800 || code > 0xdfff);

test('equals the canonical address that Postgres stores', async () => {
  const { rows } = await shop.database.raw(
    `SELECT chr(code) AS character, lower(chr(code) COLLATE "C") AS canonical
     FROM generate_series(1, x'10ffff'::int) AS code
     WHERE code NOT BETWEEN x'd800'::int AND x'dfff'::int AND lower(chr(code) COLLATE "C") <> chr(code)`,
  );
  const folded = Array.from({ length: 0x11_0000 }, (_, code) => (isCharacter(code) ? String.fromCodePoint(code) : ''))
    .map((character) => ({ character, canonical: canonicalEmail(character) }))
    .filter(({ character, canonical }) => character !== canonical);
  expect(folded).toHaveLength(26);
  expect(rows).toEqual(folded);
});

test.each([
  ['Vivian@Example.COM', 'vivian@example.com'],
  ['v\u0130vian@example.com', 'v\u0130vian@example.com'],
  ['\u212Aarl@example.com', '\u212Aarl@example.com'],
])('the canonical form of %s folds ASCII letters alone', (email, canonical) => {
  expect(canonicalEmail(email)).toBe(canonical);
});

test('does not match an address folded by another rule', async () => {
  const { findForSignIn } = createUserRepository(shop.database);
  expect(await findForSignIn('CUSTOMER@example.com')).toMatchObject({ user: { email: 'customer@example.com' } });
  for (const letter of ['\u017f', '\u0130', '\u212a'])
    expect(await findForSignIn('customer@example.com'.replace(/[sik]/, letter))).toBeUndefined();
});
