import type { Knex } from 'knex';
import { hashPassword } from '../../api/auth/password-hash.ts';
import { createOidcArtifactRepository, type TokenOrigin } from '../../db/oidc-artifacts.ts';
import { createUserRepository } from '../../db/users.ts';
import { waitFor } from '../../stack/wait.ts';
import { patient } from '../databases.ts';
import { lockWaits } from '../lock-waits.ts';
import { type AuthApi, CUSTOMER, openAuthApi } from './auth-api.ts';
import { signInWithBrowser } from './browser-sign-in.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication, openUserAgent } from './user-agent.ts';

let shop: TestDatabase;
let api: AuthApi;
/** A separate connection for the password change, because the waiting requests occupy the connections of the API. */
let changeConnection: Knex;

beforeAll(async () => {
  // Requests wait at a lock, for longer than 5 s on a busy machine.
  shop = await openDatabase(patient);
  changeConnection = shop.connectAgain();
  api = await openAuthApi(shop.database);
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

const artifacts = () => shop.database('oidc_artifacts').where({ account_id: CUSTOMER });

/**
 * Sends requests that rely on the old password while a transaction replaces it and ends all sessions. It commits once the
 * requests wait for it.
 *
 * @param kept the session that does not end
 */
async function changePasswordDuring<Result>(
  requests: () => Promise<Result>[],
  kept?: Partial<TokenOrigin>,
): Promise<Result[]> {
  const change = await changeConnection.transaction();
  await createUserRepository(change).setPassword(CUSTOMER, await hashPassword('a lamp under the green ladder'));
  await createOidcArtifactRepository(change).removeByAccount(CUSTOMER, kept);
  const pending = requests();
  const areWaiting = async () => (await lockWaits(changeConnection)).length >= pending.length;
  await waitFor('The requests at the lock', areWaiting, { deadline: 15_000 });
  await change.commit();
  return Promise.all(pending);
}

afterEach(async () => {
  await createUserRepository(shop.database).setPassword(CUSTOMER, await hashPassword('test'));
});

test('returns no tokens for a sign-in during a password change', async () => {
  const answers = await changePasswordDuring(() => Array.from({ length: 3 }, () => api.signIn('customer@example.com')));
  expect(answers.map(({ status, body }) => [status, body.error])).toEqual(Array(3).fill([400, 'invalid_grant']));
  expect(await artifacts()).toEqual([]);
});

test('returns no tokens for a refresh during a password change', async () => {
  const { body } = await api.signIn('customer@example.com');
  const [answer] = await changePasswordDuring(() => [api.refresh(body.refresh_token)]);
  expect([answer?.status, answer?.body.error]).toEqual([400, 'invalid_grant']);
  expect(await artifacts()).toEqual([]);
});

test('returns no tokens for a code that is exchanged during a password change', async () => {
  const { exchange } = await signInWithBrowser(api);
  const [answer] = await changePasswordDuring(() => [exchange()]);
  expect([answer?.status, answer?.body.error]).toEqual([400, 'invalid_grant']);
  expect(await artifacts()).toEqual([]);
});

test('rejects a sign-in on the page during a password change', async () => {
  const agent = openUserAgent(api.url);
  const form = await agent.open(openApplication(api.url).authorize());
  const [page] = await changePasswordDuring(() => [
    agent.submit(form, { email: 'customer@example.com', password: 'test' }),
  ]);
  expect([page?.status, page?.html]).toEqual([400, expect.stringContaining('the password is wrong')]);
  expect(await artifacts()).toEqual([]);
});

test('issues no code during a password change, and ends the session', async () => {
  const { agent, application } = await signInWithBrowser(api);
  const [page] = await changePasswordDuring(() => [agent.open(application.authorize())]);
  expect([page?.status, page?.url.searchParams.has('code')]).toEqual([400, false]);
  expect(await artifacts()).toEqual([]);
  expect((await agent.open(application.authorize())).html).toContain('name="password"');
});

test('keeps only the session in which the user changed the password', async () => {
  const [kept, other] = [await signInWithBrowser(api), await signInWithBrowser(api)];
  const [{ body: before }, { body: theirs }] = [await kept.exchange(), await other.exchange()];
  const { grant_id: grantId, sid: sessionUid } = claimsOf(before.access_token);
  const [refreshed] = await changePasswordDuring(() => [api.refresh(before.refresh_token)], { grantId, sessionUid });
  expect(refreshed?.status).toBe(200);
  const mine = refreshed?.body as typeof before;

  const [mineLater, theirsLater] = await Promise.all(
    [mine, theirs].map(({ access_token }) => api.who(`Bearer ${access_token}`)),
  );
  expect([mineLater?.status, theirsLater?.status]).toEqual([200, 401]);
  expect(await artifacts().where({ kind: 'Grant' }).pluck('id')).toEqual([grantId]);
  expect((await api.refresh(mine.refresh_token)).status).toBe(200);
  expect((await kept.agent.open(kept.application.authorize())).url.searchParams.has('code')).toBe(true);
  expect((await api.refresh(theirs.refresh_token)).status).toBe(400);
  expect((await other.agent.open(other.application.authorize())).html).toContain('name="password"');
});

const claimsOf = (token: string) => JSON.parse(Buffer.from(String(token.split('.')[1]), 'base64url').toString());
