import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { connect, type Database } from '../../db/connection.ts';
import { manage } from '../config/run-command.ts';
import { copyDatabase } from '../databases.ts';
import { type AuthApi, openAuthApi, readJson } from './auth-api.ts';
import { signInWithBrowser } from './browser-sign-in.ts';
import type { Page } from './user-agent.ts';

let databaseUrl: string;
let pools: [Database, Database];
/** Two processes of one shop. */
let one: AuthApi;
let other: AuthApi;

beforeEach(async () => {
  databaseUrl = await copyDatabase();
  pools = [connect(databaseUrl, { max: 4 }), connect(databaseUrl, { max: 4 })];
  one = await openAuthApi(pools[0]);
  other = await openAuthApi(pools[1], { publicUrl: one.url });
});
afterEach(async () => {
  await Promise.all([one.close(), other.close()]);
  await Promise.all(pools.map((pool) => pool.destroy()));
});

const rotate = (...options: string[]) => manage({ DATABASE_URL: databaseUrl }, 'rotate-keys', ...options);
const age = (column: string, ms: number) =>
  pools[0]('signing_keys')
    .whereNotNull(column)
    .update({ [column]: new Date(Date.now() - ms) });
const publishedBy = async (process: AuthApi): Promise<string[]> =>
  (await readJson<JSONWebKeySet>(`${process.url}/.well-known/jwks.json`)).keys.map(({ kid }) => kid!);
const tokenOf = async (process: AuthApi) => (await process.signIn('customer@example.com')).body.access_token;
const codeIn = ({ url }: Page) => url.searchParams.get('code');
const kidOf = (token: string) => decodeProtectedHeader(token).kid;

test('keeps all tokens valid in all processes when keys are rotated repeatedly', async () => {
  const tokens: string[] = [];
  /** Expects that both processes, and clients with the key set of either, accept the tokens that both have signed. */
  async function expectAllValid() {
    tokens.push(await tokenOf(one), await tokenOf(other));
    for (const token of tokens) {
      for (const process of [one, other]) {
        expect((await process.who(`Bearer ${token}`)).status).toBe(200);
        const jwks = createLocalJWKSet(await readJson<JSONWebKeySet>(`${process.url}/.well-known/jwks.json`));
        await jwtVerify(token, jwks, { issuer: one.url });
      }
    }
  }
  await expectAllValid();
  for (let round = 0; round < 2; round++) {
    const [signing, next] = await publishedBy(one);
    await age('created_at', 6 * 60_000);
    expect((await rotate()).output).toContain(
      `Key ${next} signs from now on. Tokens that the previous key has signed stay valid until they expire.\n`,
    );
    await expectAllValid();
    await one.auth.upkeep();
    // One process signs with the new key now, the other still with the old one.
    await expectAllValid();
    expect(tokens.slice(-2).map(kidOf)).toEqual([next, signing]);
    await other.auth.upkeep();
    await expectAllValid();
    expect(tokens.slice(-2).map(kidOf)).toEqual([next, next]);
    expect(await publishedBy(one)).toEqual(await publishedBy(other));
    expect((await publishedBy(one)).slice(0, 1)).toEqual([next]);
    expect(await publishedBy(one)).toHaveLength(round + 3);
  }

  await age('retired_at', 16 * 24 * 60 * 60_000);
  await one.auth.upkeep();
  await one.auth.upkeep();
  expect(await publishedBy(one)).toHaveLength(2);
});

test('fails no request during a rotation', async () => {
  await age('created_at', 6 * 60_000);
  let rotated = false;
  const statuses = new Set<number>();
  async function keepGoing(from: AuthApi, to: AuthApi) {
    while (!rotated) {
      const { status, body } = await from.signIn('manager@example.com');
      statuses.add(status);
      statuses.add((await to.who(`Bearer ${body.access_token}`)).status);
      statuses.add((await to.refresh(body.refresh_token)).status);
    }
  }
  async function rotateMeanwhile() {
    expect((await rotate()).code).toBe(0);
    await Promise.all([one.auth.upkeep(), other.auth.upkeep()]);
    rotated = true;
  }
  await Promise.all([keepGoing(one, other), keepGoing(other, one), rotateMeanwhile()]);
  expect([...statuses]).toEqual([200]);
});

test('refuses to rotate a recently published key, and prints the time to wait', async () => {
  const before = await publishedBy(one);
  const { code, output } = await rotate();
  expect(code).toBe(1);
  expect(output).toMatch(/^The next key was published only recently, .* try again in \d{2,3} s\.\n$/m);
  await one.auth.upkeep();
  expect(await publishedBy(one)).toEqual(before);
});

test('invalidates everything that compromised keys have signed', async () => {
  const [token, refreshToken] = [await tokenOf(one), (await one.signIn('manager@example.com')).body.refresh_token];
  const before = await publishedBy(one);
  for (const process of [one, other]) expect((await process.who(`Bearer ${token}`)).status).toBe(200);
  const { agent, application } = await signInWithBrowser(one);
  const signedIn = async () => codeIn(await agent.open(application.authorize()));
  expect(await signedIn()).not.toBe(null);

  const { code, output } = await rotate('--compromised');

  expect([code, output]).toEqual([0, expect.stringContaining('signs from now on. All older keys are removed')]);
  await Promise.all([one.auth.upkeep(), other.auth.upkeep()]);
  const after = await publishedBy(one);
  expect(after).toHaveLength(2);
  expect(after.filter((kid) => before.includes(kid))).toEqual([]);
  for (const process of [one, other]) expect((await process.who(`Bearer ${token}`)).status).toBe(401);
  const { body } = await other.refresh(refreshToken);
  expect((await one.who(`Bearer ${body.access_token}`)).status).toBe(200);
  // The old cookie key could sign the cookie of any session.
  expect(await signedIn()).toBe(null);
  const again = await signInWithBrowser(one);
  const page = await again.agent.open(again.application.authorize());
  expect(codeIn(page)).not.toBe(null);
  for (const process of [one, other]) expect(process.auth.keys).toEqual(await pools[0]('cookie_keys').pluck('secret'));
});

test('rotates once if two operators run the command concurrently', async () => {
  await age('created_at', 6 * 60_000);
  const codes = (await Promise.all([rotate(), rotate()])).map(({ code }) => code);
  expect(codes.sort()).toEqual([0, 1]);
  await one.auth.upkeep();
  expect(await publishedBy(one)).toHaveLength(3);
});
