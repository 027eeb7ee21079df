import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/password-hash.ts';
import { connectLimitsRedis } from '../../api/http/limits/limits.ts';
import { createSignInLimiter } from '../../api/http/limits/sign-in-limiter.ts';
import { createLogger } from '../../config/logger.ts';
import { type AuthApi, MANAGER, openAuthApi } from './auth-api.ts';
import { openDatabase, type TestDatabase } from './database.ts';
import { openApplication, openUserAgent, type Page } from './user-agent.ts';

const APP = 'https://app.example/back?from=crema';
const manager = { email: 'manager@example.com', password: 'test' };
const customer = { email: 'customer@example.com', password: 'test' };

let shop: TestDatabase;
let api: AuthApi;

beforeAll(async () => {
  shop = await openDatabase();
  api = await openAuthApi(shop.database, { redirectUris: [APP], callerCacheMs: 100 });
});
afterAll(async () => {
  await api.close();
  await shop.close();
});

/** Opens the sign-in page in a new browser. */
async function openSignIn(parameters: Record<string, string> = {}) {
  const agent = openUserAgent(api.url);
  const application = openApplication(api.url);
  const page = await agent.open(application.authorize(parameters));
  expect([page.status, page.url.pathname.split('/').slice(0, -1)]).toEqual([200, ['', 'oauth', 'sign-in']]);
  return { agent, application, page };
}

const headingOf = ({ html }: Page) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const faultOf = ({ html }: Page) => /role="alert">(?:<[^>]+>)?([^<]*)</.exec(html)?.[1];

test('redirects with a code and the state, and the code is exchanged for tokens', async () => {
  const { agent, application, page } = await openSignIn();

  const back = await agent.submit(page, manager);

  expect([back.status, back.url.origin + back.url.pathname]).toEqual([303, application.redirectUri]);
  expect(back.url.searchParams.get('state')).toBe('as-it-was');
  expect(back.url.searchParams.get('iss')).toBe(api.url);
  const { status, body } = await api.post('/oauth/token', application.exchange(back.url.searchParams.get('code')!));
  expect(status).toBe(200);
  const who = await api.who(`Bearer ${body.access_token}`);
  expect(who.body).toMatchObject({ type: 'manager', id: MANAGER, scopes: body.scope.split(' ') });
  expect((await api.refresh(body.refresh_token)).status).toBe(200);
});

test('forbids caching, framing and scripts', async () => {
  const { page } = await openSignIn();
  const policy = page.headers.get('content-security-policy')!;
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; /);
  expect(policy).toContain("base-uri 'none'; frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|script-src/);
  expect(page.html).not.toMatch(/<script|\sstyle=|\son\w+=|src=|<link(?! rel="icon" href="data:)/);
});

test('labels its fields for screen readers and password managers', async () => {
  const { page } = await openSignIn();
  for (const [field, autocomplete] of [
    ['email', 'username'],
    ['password', 'current-password'],
  ]) {
    expect(page.html).toContain(`<label for="${field}">`);
    expect(page.html).toMatch(new RegExp(`<input id="${field}" name="${field}" [^>]*autocomplete="${autocomplete}"`));
  }
  expect(page.html).toContain('<html lang="en-US">');
  expect(page.html.match(/autofocus/g)).toHaveLength(1);
});

test('fills in the email address from login_hint', async () => {
  const { page } = await openSignIn({ login_hint: 'ma"ria@<b>.example' });
  expect(page.html).toContain('value="ma&quot;ria@&lt;b&gt;.example"');
  expect(page.html).toMatch(/id="password"[^>]* autofocus/);
});

test.each([
  [{ email: 'manager@example.com', password: 'Test' }, 'The email address or the password is wrong.'],
  [{ email: '<i>nobody</i>@example.com', password: 'test' }, 'The email address or the password is wrong.'],
  [{ email: 'man\0ager@example.com', password: 'test' }, 'The email address or the password is wrong.'],
  [{ email: 'manager@example.com', password: '' }, 'Type your password.'],
  [{ email: ' ', password: 'test' }, 'Type your email address and your password.'],
])('shows an error for %p and accepts the next attempt', async (typed, fault) => {
  const { agent, page } = await openSignIn();

  const refused = await agent.submit(page, typed);

  expect([refused.status, faultOf(refused)]).toEqual([400, fault]);
  expect(refused.headers.get('cache-control')).toBe('no-store');
  expect(refused.html).toContain('<title>Error: Sign in · Crema</title>');
  expect(refused.html).toMatch(/aria-invalid="true" aria-describedby="fault"/);
  expect(refused.html).not.toContain('<i>');
  expect((await agent.submit(refused, manager)).url.searchParams.has('code')).toBe(true);
});

test('rejects the right password after too many wrong ones, with the time to wait', async () => {
  const redis = connectLimitsRedis(process.env.REDIS_URL as string, createLogger('test', 'silent'));
  const plenty = { count: 1_000, seconds: 600 };
  const guarded = await openAuthApi(shop.database, {
    signInLimiter: createSignInLimiter({ pair: { count: 2, seconds: 600 }, address: plenty, account: plenty }, redis),
  });
  try {
    // A new account, as test files share the Redis that counts attempts.
    const someone = { id: randomUUID(), email: `${randomUUID()}@example.com`, name: 'Nora', role: 'customer' };
    await shop.database('users').insert({ ...someone, password_hash: await hashPassword('test') });
    const agent = openUserAgent(guarded.url);
    let page = await agent.open(openApplication(guarded.url).authorize());
    for (const guess of ['guess', 'another']) {
      page = await agent.submit(page, { email: someone.email, password: guess });
      expect([page.status, faultOf(page)]).toEqual([400, 'The email address or the password is wrong.']);
    }

    const refused = await agent.submit(page, { email: someone.email, password: 'test' });

    expect([refused.status, faultOf(refused)]).toEqual([
      429,
      'Too many passwords were wrong. Try again in 10 minutes, or from a network where you have signed in before.',
    ]);
    const wait = Number(refused.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(refused.headers.get('ratelimit')).toBe(`"sign-in";r=0;t=${wait}`);
    expect(refused.headers.get('ratelimit-policy')).toBe('"sign-in";q=2;w=600');
    expect(refused.headers.get('cache-control')).toBe('no-store');
    expect(headingOf(refused)).toBe('Sign in');
    expect(refused.html).toContain(`value="${someone.email}"`);
    expect([...agent.cookies.keys()]).not.toContain('crema_session');
  } finally {
    await guarded.close();
    redis.disconnect();
  }
});

test('rejects a form that another site has sent', async () => {
  const { agent, page } = await openSignIn();
  const other = await openSignIn();
  const foreign = /name="csrf" value="([^"]+)"/.exec(other.page.html)?.[1];
  for (const fields of [{ csrf: undefined }, { csrf: 'x' }, { csrf: foreign }]) {
    const refused = await agent.submit(page, { ...manager, ...fields });
    expect([refused.status, headingOf(refused)]).toEqual([403, 'This form is not ours']);
  }
  expect([...agent.cookies.keys()]).not.toContain('crema_session');
});

test('rejects the form in another browser', async () => {
  const { page } = await openSignIn();
  const stranger = openUserAgent(api.url);
  expect(headingOf(await stranger.open(page.url.pathname))).toBe('This sign-in has expired');
  const sent = await stranger.submit(page, manager);
  expect([sent.status, headingOf(sent), stranger.cookies.size]).toEqual([400, 'This sign-in has expired', 0]);
});

test('shows a page for a sign-in that has expired or is complete', async () => {
  const { agent, page } = await openSignIn();
  await shop
    .database('oidc_artifacts')
    .where({ kind: 'Interaction' })
    .update({ expires_at: new Date(0) });
  for (const answer of [await agent.open(page.url.pathname), await agent.submit(page, manager)]) {
    expect([answer.status, headingOf(answer)]).toEqual([400, 'This sign-in has expired']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
  const done = await openSignIn();
  await done.agent.submit(done.page, manager);
  expect(headingOf(await done.agent.submit(done.page, manager))).toBe('This sign-in has expired');
  expect(headingOf(await done.agent.open('/oauth/authorize/long-gone'))).toBe('This sign-in has expired');
});

test('redirects with access_denied when a user cancels', async () => {
  const { agent, page } = await openSignIn();
  const back = await agent.submit(page, { cancel: 'yes' });
  expect([back.status, back.url.searchParams.get('error')]).toEqual([303, 'access_denied']);
});

test('issues further codes without a page, except for prompt=login', async () => {
  const { agent, page, application } = await openSignIn();
  await agent.submit(page, customer);

  const again = await agent.open(application.authorize());
  expect(again.url.searchParams.has('code')).toBe(true);
  const silent = await agent.open(application.authorize({ prompt: 'none' }));
  expect(silent.url.searchParams.has('code')).toBe(true);
  const asked = await agent.open(application.authorize({ prompt: 'login' }));
  expect(headingOf(asked)).toBe('Sign in');

  const unknown = await openUserAgent(api.url).open(application.authorize({ prompt: 'none' }));
  expect(unknown.url.searchParams.get('error')).toBe('login_required');
});

test('signs the previous user of the browser out when another one signs in', async () => {
  const { agent, page, application } = await openSignIn();
  const first = await agent.submit(page, customer);
  const { body } = await api.post('/oauth/token', application.exchange(first.url.searchParams.get('code')!));

  const change = await agent.submit(await agent.open(application.authorize({ prompt: 'login' })), manager);
  // With scripts, this page submits its form.
  expect(change.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
  const second = await agent.submit(change, {});

  const other = await api.post('/oauth/token', application.exchange(second.url.searchParams.get('code')!));
  expect((await api.who(`Bearer ${other.body.access_token}`)).body.id).toBe(MANAGER);
  expect((await api.who(`Bearer ${body.access_token}`)).status).toBe(401);
  expect((await api.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
});

test('sets a persistent session cookie only if the user stays signed in', async () => {
  for (const remember of [undefined, 'yes']) {
    const { agent, page } = await openSignIn();
    await agent.submit(page, { ...manager, remember });
    expect({ remember, expires: agent.cookies.get('crema_session')!.expires !== undefined }).toEqual({
      remember,
      expires: remember === 'yes',
    });
  }
});

test('hides cookies from scripts, other sites and the API', async () => {
  const { agent, page } = await openSignIn();
  await agent.submit(page, manager);
  for (const { path, attributes } of agent.cookies.values()) {
    expect(path).toMatch(/^\/oauth/);
    expect(attributes).toMatch(/; samesite=lax/i);
    expect(attributes).toMatch(/; httponly/i);
    expect(attributes).not.toMatch(/; secure/i);
  }
});

test('sets Secure cookies if the public URL is https', async () => {
  const behindTls = await openAuthApi(shop.database, { publicUrl: 'https://shop.example' });
  try {
    const agent = openUserAgent(behindTls.url);
    const page = await agent.open(openApplication('https://shop.example').authorize());
    const next = await agent.submit(page, manager);
    expect(next.url.href).toMatch(/^https:\/\/shop\.example\/oauth\/authorize\//);
    const back = await agent.open(next.url.pathname);
    expect(back.url.href).toMatch(/^https:\/\/shop\.example\/docs\/oauth2-redirect\?code=/);
    expect([...agent.cookies.keys()]).toEqual(expect.arrayContaining(['crema_sign_in', 'crema_session']));
    for (const { attributes } of agent.cookies.values()) expect(attributes).toMatch(/; secure/i);
  } finally {
    await behindTls.close();
  }
});

test('marks both fields if both are empty', async () => {
  const { agent, page } = await openSignIn();
  const refused = await agent.submit(page, { email: '', password: '' });
  expect(refused.html.match(/<input[^>]* aria-invalid="true"/g)).toHaveLength(2);
});

test('shows the form again if it was too long', async () => {
  const { agent, page } = await openSignIn();
  const refused = await agent.submit(page, { ...manager, password: 'x'.repeat(20_000) });
  expect([refused.status, headingOf(refused)]).toEqual([413, 'Sign in']);
  expect(faultOf(refused)).toBe('The email address or the password is too long. Type both again.');
  expect([...agent.cookies.keys()]).not.toContain('crema_session');
  expect((await agent.submit(refused, manager)).url.searchParams.has('code')).toBe(true);
});

test.each([
  ['PUT', '/oauth/sign-in/x', 405, 'GET, HEAD, POST'],
  ['POST', '/oauth/authorize', 405, 'GET, HEAD'],
  ['DELETE', '/oauth/logout', 405, 'GET, HEAD'],
  ['GET', '/oauth/logout/confirm', 405, 'POST'],
  ['GET', '/oauth/nothing', 404, null],
])('rejects %s %s with a page for browsers and JSON for programs', async (method, path, status, allow) => {
  for (const [accept, type] of [
    ['text/html,*/*;q=0.8', 'text/html; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
  ] as const) {
    const { headers, ...answer } = await fetch(api.url + path, { method, headers: { accept } }).then((it) => ({
      status: it.status,
      headers: it.headers,
    }));
    expect([answer.status, headers.get('allow'), headers.get('content-type')]).toEqual([status, allow, type]);
  }
});

test('answers HEAD like GET, without a body', async () => {
  for (const path of [
    openApplication(api.url).authorize(),
    '/oauth/logout',
    '/oauth/logout/success',
    '/oauth/sign-in/x',
  ]) {
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) =>
        fetch(api.url + path, { method, redirect: 'manual', headers: { accept: 'text/html' } }),
      ),
    );
    expect([path, head!.status, head!.headers.get('content-type')]).toEqual([
      path,
      get!.status,
      get!.headers.get('content-type'),
    ]);
    expect(await head!.text()).toBe('');
  }
});

test('shows a page for an internal error', async () => {
  const broken = await openDatabase();
  const theirs = await openAuthApi(broken.database);
  try {
    await broken.database.schema.renameTable('oidc_artifacts', 'elsewhere');
    const answer = await openUserAgent(theirs.url).open(openApplication(theirs.url).authorize());
    expect([answer.status, headingOf(answer)]).toEqual([500, 'Something went wrong']);
    expect(answer.html).not.toMatch(/server_error|application that sent you/);
  } finally {
    await theirs.close();
    await broken.close();
  }
});
