import { createHash } from 'node:crypto';
import { waitFor } from '../../stack/wait.ts';
import { newManager } from '../http/people.ts';
import { expectProblem } from '../http/problem.ts';
import { openShop, type Shop } from '../shop.ts';
import { ANOTHER, emailTo, linkIn, newAccount, newAddress, PASSWORD, postTo } from './mailbox.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, 60_000);
afterAll(() => shop?.close());

const post = postTo(() => shop);
const verify = (token: string) => post('/v1/users/verify', { token, password: PASSWORD });
const confirmReset = (token: string) => post('/v1/password-resets/confirm', { token, password: ANOTHER });

/** Returns a signed-in user with a link that resets the password and one that changes the address. */
async function personWithLinks() {
  const { email } = await newAccount(shop);
  const as = await shop.signIn(email, PASSWORD);
  const { body } = await shop.request('GET', '/v1/me', { as });
  await post('/v1/password-resets', { email });
  const reset = linkIn(await emailTo(shop, email, 2)).token;
  const next = newAddress();
  const address = await requestAddress(as, next);
  // Waits for the notice to the current address, so that later counts include it.
  await emailTo(shop, email, 3);
  return { id: body.id as string, email, as, reset, next, address };
}

async function requestAddress(as: string, email: string): Promise<string> {
  expect((await shop.request('PATCH', '/v1/me', { as, body: { email, currentPassword: PASSWORD } })).status).toBe(200);
  return linkIn(await emailTo(shop, email)).token;
}

describe('the open links of an account', () => {
  test.each<[string, (person: Awaited<ReturnType<typeof personWithLinks>>) => Promise<{ status: number }>]>([
    [
      'its password was changed',
      ({ as }) => post('/v1/me/password', { currentPassword: PASSWORD, newPassword: ANOTHER }, as),
    ],
    ['its password was reset', ({ reset }) => confirmReset(reset)],
    ['its address was changed', ({ address }) => post('/v1/users/verify', { token: address })],
    ['it was promoted', ({ id }) => post(`/v1/users/${id}/promote`, undefined, shop.manager)],
    ['it was demoted', ({ id }) => post(`/v1/users/${id}/demote`, undefined, shop.manager)],
    ['it was erased', ({ as }) => shop.request('DELETE', '/v1/me', { as, body: { password: PASSWORD } })],
  ])('become invalid once %s', async (_event, change) => {
    const person = await personWithLinks();
    expect(Math.floor((await change(person)).status / 100)).toBe(2);
    expectProblem(await confirmReset(person.reset), 'invalid_link');
    expectProblem(await post('/v1/users/verify', { token: person.address }), 'invalid_link');
  });

  test('include only the latest request for another address', async () => {
    const { email } = await newAccount(shop);
    const as = await shop.signIn(email, PASSWORD);
    const earlier = await requestAddress(as, newAddress());
    const wanted = newAddress();
    const later = await requestAddress(as, wanted);
    expectProblem(await post('/v1/users/verify', { token: earlier }), 'invalid_link');
    expect((await post('/v1/users/verify', { token: later })).body.email).toBe(wanted);
  });

  test('do not include a reset that was emailed to the address before a change', async () => {
    const { email, as, address } = await personWithLinks();
    await post('/v1/password-resets', { email });
    const { token } = linkIn(await emailTo(shop, email, 4));
    const { canonical_email: _, ...late } = await shop
      .database('account_requests')
      .where({ email, purpose: 'reset' })
      .first();
    expect((await post('/v1/users/verify', { token: address })).status).toBe(200);
    // As if the email was sent during the change.
    const links = { request_id: late.id, expires_at: new Date(Date.now() + 60_000) };
    await shop.database('account_requests').insert(late);
    await shop
      .database('account_links')
      .insert({ ...links, token_hash: createHash('sha256').update(token).digest('base64url') });
    expectProblem(await confirmReset(token), 'invalid_link');
    expect((await shop.request('GET', '/v1/me', { as })).status).toBe(200);
  });
});

describe('an address registered twice', () => {
  test('gets the password that is chosen through the emailed link', async () => {
    const email = newAddress();
    for (const name of ['Eve', 'Ana']) await post('/v1/users', { email, name });
    const { token } = linkIn(await emailTo(shop, email));
    expect((await verify(token)).status).toBe(200);
    await shop.signIn(email, PASSWORD);
  });
});

describe('an invitation', () => {
  async function invite(as = shop.manager) {
    const email = newAddress();
    expect((await post('/v1/users/invitations', { email, name: 'Marco', role: 'manager' }, as)).status).toBe(202);
    return { email, token: linkIn(await emailTo(shop, email)).token };
  }
  const listed = async (email: string) => {
    const { body } = await shop.request('GET', '/v1/users/invitations', { as: shop.manager });
    return body.data.find((each: { email: string }) => each.email === email);
  };

  test('is listed until it is used', async () => {
    const { id } = (await shop.request('GET', '/v1/me', { as: shop.manager })).body;
    const { email, token } = await invite();
    await waitFor('mailedAt', async () => (await listed(email)).mailedAt !== null, { deadline: 20_000 });
    expect(await listed(email)).toEqual({
      id: expect.any(String),
      email,
      name: 'Marco',
      role: 'manager',
      language: null,
      invitedBy: id,
      createdAt: expect.any(String),
      expiresAt: expect.any(String),
      mailedAt: expect.any(String),
    });
    expect((await confirmReset(token)).body.role).toBe('manager');
    expect(await listed(email)).toBeUndefined();
  });

  test('becomes invalid when it is revoked', async () => {
    const { email, token } = await invite();
    const { id } = await listed(email);
    const revoke = () => shop.request('DELETE', `/v1/users/invitations/${id}`, { as: shop.manager });
    expect((await revoke()).status).toBe(204);
    expectProblem(await confirmReset(token), 'invalid_link');
    expect(await listed(email)).toBeUndefined();
    expectProblem(await revoke(), 'not_found');
  });

  test.each(['demoted', 'erased'])('becomes invalid when its author is %s', async (end) => {
    const author = await newManager(shop);
    const { email, token } = await invite(author.token);
    const ended =
      end === 'demoted'
        ? await post(`/v1/users/${author.id}/demote`, undefined, shop.manager)
        : await shop.request('DELETE', '/v1/me', { as: author.token, body: { password: author.password } });
    expect(Math.floor(ended.status / 100)).toBe(2);
    expectProblem(await confirmReset(token), 'invalid_link');
    expect(await listed(email)).toBeUndefined();
  });
});
