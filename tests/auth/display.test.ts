import { decodeJwt } from 'jose';
import { type AuthApi, BARISTA, CUSTOMER, MANAGER, openAuthApi } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication, openUserAgent, type Page, type UserAgent } from './user-agent.ts';

const DAY_MS = 24 * 60 * 60_000;
const barista = { email: 'barista@example.com', password: 'test' };
const manager = { email: 'manager@example.com', password: 'test' };
const customer = { email: 'customer@example.com', password: 'test' };

let shop: TestDatabase;
let api: AuthApi;

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database, {
    temporalUi: { origin: 'https://temporal.example', clientSecret: 'secret' },
  });
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

/** A page of the shop in a browser, as a client of the OAuth2 server. */
function openPage(agent: UserAgent, clientId: string, path: string) {
  const application = openApplication(api.url, api.url + path);
  const authorize = (parameters: Record<string, string> = {}) =>
    agent.open(application.authorize({ client_id: clientId, ...parameters }));
  const exchange = (page: Page) =>
    api.post('/oauth/token', application.exchange(codeIn(page)!, { client_id: clientId }));
  return {
    authorize,
    exchange,
    /** Signs in until the page receives the code, and exchanges it. */
    async signIn(user: Record<string, string>) {
      const back = await agent.submit(await authorize(), user);
      expect([back.url.pathname, codeIn(back)]).toEqual([path, expect.any(String)]);
      return (await exchange(back)).body;
    },
  };
}

const displayIn = (agent: UserAgent) => openPage(agent, 'crema-display', '/display');
const boardIn = (agent: UserAgent) => openPage(agent, 'crema', '/board');
const refresh = (refresh_token: string, cookie = '') =>
  api.post(
    '/oauth/token',
    { grant_type: 'refresh_token', client_id: 'crema-display', refresh_token },
    { ...(cookie && { cookie }) },
  );

const codeIn = ({ url }: Page) => url.searchParams.get('code');
const faultOf = ({ html }: Page) => /role="alert">(?:<[^>]+>)?([^<]*)</.exec(html)?.[1];
const isSignInPage = ({ url, html }: Page) =>
  url.pathname.startsWith('/oauth/sign-in/') && html.includes('<h1>Sign in');
const statusOf = async (token: string) => (await api.who(`Bearer ${token}`)).status;
const cookieOf = (agent: UserAgent) => [...agent.cookies].map(([name, { value }]) => `${name}=${value}`).join('; ');

describe('a sign-in to the display', () => {
  test.each([
    ['barista', barista, BARISTA],
    ['manager', manager, MANAGER],
  ])('gives the tokens of a %s no right but reading orders', async (_, user, sub) => {
    const tokens = await displayIn(openUserAgent(api.url)).signIn(user);
    expect(tokens.scope).toBe('orders:read');
    expect(decodeJwt(tokens.access_token)).toMatchObject({
      sub,
      client_id: 'crema-display',
      aud: `${api.url}/v1`,
      scope: 'orders:read',
    });
    const who = await api.who(`Bearer ${tokens.access_token}`);
    expect(who.body).toMatchObject({ scopes: ['orders:read'], scopesOnly: true });
    expect((await refresh(tokens.refresh_token)).body.scope).toBe('orders:read');
  });

  test('gets no other scope if it asks for more', async () => {
    const agent = openUserAgent(api.url);
    const { authorize, exchange } = displayIn(agent);
    const page = await authorize({ scope: 'orders:read orders:write users:write' });
    expect((await exchange(await agent.submit(page, manager))).body.scope).toBe('orders:read');
    const none = await authorize({ scope: 'orders:write' });
    expect(none.url.searchParams.get('error')).toBe('access_denied');
  });

  test('returns to /display only, and without a password from the token endpoint', async () => {
    for (const path of ['/', '/board', '/display/', '/docs/oauth2-redirect']) {
      const page = await openPage(openUserAgent(api.url), 'crema-display', path).authorize();
      expect([page.status, page.html.includes('(invalid_redirect_uri)')]).toEqual([400, true]);
    }
    const page = await openPage(openUserAgent(api.url), 'crema', '/display').authorize();
    expect([page.status, page.html.includes('(invalid_redirect_uri)')]).toEqual([400, true]);
    const answer = await api.signIn('barista@example.com', { client_id: 'crema-display' });
    expect([answer.status, answer.body.error]).toEqual([400, 'invalid_request']);
  });

  test('always keeps the browser signed in, so its page does not offer the choice', async () => {
    const agent = openUserAgent(api.url);
    const page = await displayIn(agent).authorize();
    expect(page.html).not.toContain('name="remember"');
    expect((await boardIn(openUserAgent(api.url)).authorize()).html).toContain('name="remember"');
    await agent.submit(page, barista);
    expect(Date.parse(agent.cookies.get('crema_session')!.expires!) - Date.now()).toBeGreaterThan(89 * DAY_MS);
  });

  test.each([
    ['en', 'You are signed in, but this page is for the shop’s staff. Sign in with a staff account.'],
    ['pt', 'Você já entrou, mas esta página é só para a equipe da loja. Entre com uma conta da equipe.'],
  ])('shows a customer the sign-in page again, in %s, which accepts staff', async (language, sentence) => {
    const agent = openUserAgent(api.url, language);
    const { authorize, exchange } = displayIn(agent);
    // The display's page asks for a password, as somebody may be signed in.
    const refused = await agent.submit(await authorize({ prompt: 'login' }), customer);
    expect([refused.status, faultOf(refused), codeIn(refused)]).toEqual([403, sentence, null]);
    expect((await authorize({ prompt: 'none' })).url.searchParams.get('error')).toBe('interaction_required');

    // The session of the customer ends first, with a page that submits its form by a script.
    const back = await agent.submit(await agent.submit(refused, barista), {});
    expect(decodeJwt((await exchange(back)).body.access_token)).toMatchObject({ sub: BARISTA });
  });

  test('is refused to a barista who has become a customer', async () => {
    const agent = openUserAgent(api.url);
    const tokens = await displayIn(agent).signIn(barista);
    await shop.database('users').where({ id: BARISTA }).update({ role: 'customer' });
    try {
      expect((await displayIn(agent).authorize()).status).toBe(403);
      expect((await refresh(tokens.refresh_token)).body.scope ?? '').toBe('');
    } finally {
      await shop.database('users').where({ id: BARISTA }).update({ role: 'barista' });
    }
  });
});

describe('the session of a display', () => {
  test('gives no code to another client until someone signs in', async () => {
    const agent = openUserAgent(api.url);
    await displayIn(agent).signIn(manager);
    const { authorize, signIn } = boardIn(agent);
    expect(isSignInPage(await authorize())).toBe(true);
    const silent = await authorize({ prompt: 'none' });
    expect([codeIn(silent), silent.url.searchParams.get('error')]).toEqual([null, 'login_required']);
    const temporal = await agent.open(
      `/oauth/authorize?${new URLSearchParams({
        client_id: 'temporal-ui',
        nonce: 'once',
        redirect_uri: 'https://temporal.example/auth/sso/callback',
        response_type: 'code',
        scope: 'openid events:read',
      })}`,
    );
    expect(isSignInPage(temporal)).toBe(true);
    expect((await signIn(manager)).scope).toContain('users:write');
  });

  test('is narrowed from a full one only by a sign-in, which ends the tokens of the other clients', async () => {
    const agent = openUserAgent(api.url);
    const full = await boardIn(agent).signIn(barista);
    const display = displayIn(agent);
    const page = await display.authorize();
    expect(isSignInPage(page)).toBe(true);
    expect(await statusOf(full.access_token)).toBe(200);

    const { body } = await display.exchange(await agent.submit(page, barista));
    expect(body.scope).toBe('orders:read');
    expect(await statusOf(body.access_token)).toBe(200);
    expect(await statusOf(full.access_token)).toBe(401);
    expect((await api.refresh(full.refresh_token)).body.error).toBe('invalid_grant');
    expect(isSignInPage(await boardIn(agent).authorize())).toBe(true);
  });

  test('ends when someone signs out, with the tokens of the display', async () => {
    const agent = openUserAgent(api.url);
    const tokens = await displayIn(agent).signIn(barista);
    const back = { client_id: 'crema-display', post_logout_redirect_uri: `${api.url}/display` };
    const left = await agent.submit(await agent.open(`/oauth/logout?${new URLSearchParams(back)}`), { logout: 'yes' });
    expect(left.url.pathname).toBe('/display');
    expect(await statusOf(tokens.access_token)).toBe(401);
    expect((await refresh(tokens.refresh_token, cookieOf(agent))).body.error).toBe('invalid_grant');
  });

  test('gives new tokens without a touch after the answer to a refresh was lost', async () => {
    const agent = openUserAgent(api.url);
    const display = displayIn(agent);
    const tokens = await display.signIn(barista);
    await refresh(tokens.refresh_token);
    const reuse = await refresh(tokens.refresh_token);
    expect([reuse.status, reuse.body.error]).toEqual([400, 'invalid_grant']);

    const { status, body } = await display.exchange(await display.authorize());
    expect([status, body.scope]).toEqual([200, 'orders:read']);
    expect(await statusOf(body.access_token)).toBe(200);
    expect((await refresh(body.refresh_token)).status).toBe(200);
  });
});

describe('the lifetime of a display’s sign-in', () => {
  const alive = (days: number) =>
    shop
      .database('oidc_artifacts')
      .whereIn('kind', ['Session', 'Grant'])
      .where({ account_id: BARISTA })
      .where('expires_at', '>', new Date(Date.now() + days * DAY_MS))
      .orderBy('kind')
      .pluck('kind');

  test('begins again with each refresh, for the session, the grant and the cookie', async () => {
    await shop.database('oidc_artifacts').where({ account_id: BARISTA }).delete();
    const agent = openUserAgent(api.url);
    const display = displayIn(agent);
    const tokens = await display.signIn(barista);
    await shop
      .database('oidc_artifacts')
      .whereIn('kind', ['Session', 'Grant'])
      .where({ account_id: BARISTA })
      .update({ expires_at: new Date(Date.now() + DAY_MS) });
    expect(await alive(2)).toEqual([]);

    const answer = await refresh(tokens.refresh_token, cookieOf(agent));

    expect(await alive(89)).toEqual(['Grant', 'Session']);
    const [line, ...others] = answer.headers.getSetCookie().filter((each) => each.startsWith('crema_session='));
    expect(others).toEqual([]);
    expect(line).toContain(`crema_session=${agent.cookies.get('crema_session')!.value};`);
    expect(line).toMatch(/; path=\/oauth; .*; samesite=lax; httponly/);
    expect(Date.parse(/expires=([^;]+)/.exec(line!)![1]!) - Date.now()).toBeGreaterThan(89 * DAY_MS);
    expect(codeIn(await display.authorize())).not.toBeNull();
    expect((await refresh(answer.body.refresh_token)).status).toBe(200);
  });

  test('is not prolonged by a refresh of another client, nor after its end', async () => {
    await shop.database('oidc_artifacts').where({ account_id: BARISTA }).delete();
    const agent = openUserAgent(api.url);
    const full = await boardIn(agent).signIn(barista);
    const expiring = shop
      .database('oidc_artifacts')
      .whereIn('kind', ['Session', 'Grant'])
      .where({ account_id: BARISTA });
    await expiring.clone().update({ expires_at: new Date(Date.now() + DAY_MS) });
    const answer = await api.post(
      '/oauth/token',
      { grant_type: 'refresh_token', client_id: 'crema', refresh_token: full.refresh_token },
      { cookie: cookieOf(agent) },
    );
    expect([answer.status, answer.headers.getSetCookie(), await alive(2)]).toEqual([200, [], []]);

    const tokens = await displayIn(openUserAgent(api.url)).signIn(barista);
    await expiring.clone().update({ expires_at: new Date(Date.now() - 1) });
    expect((await refresh(tokens.refresh_token)).body.error).toBe('invalid_grant');
    expect(await alive(0)).toEqual([]);
  });

  test('is not prolonged after a sign-in to another client has widened the session', async () => {
    await shop.database('oidc_artifacts').where({ account_id: BARISTA }).delete();
    const agent = openUserAgent(api.url);
    const tokens = await displayIn(agent).signIn(barista);
    await boardIn(agent).signIn(barista);
    await shop
      .database('oidc_artifacts')
      .whereIn('kind', ['Session', 'Grant'])
      .where({ account_id: BARISTA })
      .update({ expires_at: new Date(Date.now() + DAY_MS) });
    const answer = await refresh(tokens.refresh_token, cookieOf(agent));
    expect([answer.status, answer.headers.getSetCookie(), await alive(2)]).toEqual([200, [], []]);
  });

  test('sets no cookie for a browser that has another session or none', async () => {
    const [one, other] = [openUserAgent(api.url), openUserAgent(api.url)];
    let { refresh_token } = await displayIn(one).signIn(barista);
    await boardIn(other).signIn(customer);
    for (const cookie of [
      '',
      cookieOf(other),
      cookieOf(one).replace(/crema_session.sig=[^;]+/, 'crema_session.sig=x'),
    ]) {
      const answer = await refresh(refresh_token, cookie);
      expect([
        answer.status,
        answer.headers.getSetCookie().filter((each) => !/expires=Thu, 01 Jan 1970/.test(each)),
      ]).toEqual([200, []]);
      ({ refresh_token } = answer.body);
    }
  });
});

test('a customer keeps the storefront’s session after the display was refused without a sign-in', async () => {
  const agent = openUserAgent(api.url);
  const storefront = openPage(agent, 'crema', '/');
  const tokens = await storefront.signIn(customer);
  expect((await displayIn(agent).authorize()).status).toBe(403);
  expect(decodeJwt(tokens.access_token).sub).toBe(CUSTOMER);
  expect(await statusOf(tokens.access_token)).toBe(200);
  expect(codeIn(await storefront.authorize())).not.toBeNull();
});
