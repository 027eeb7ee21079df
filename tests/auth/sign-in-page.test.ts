import { randomUUID } from 'node:crypto';
import { hashPassword } from '../../api/auth/passwords.ts';
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

/** A browser that stands before the sign-in page. */
async function atThePage(parameters: Record<string, string> = {}) {
  const agent = openUserAgent(api.url);
  const application = openApplication(api.url);
  const page = await agent.open(application.authorize(parameters));
  expect([page.status, page.url.pathname.split('/').slice(0, -1)]).toEqual([200, ['', 'oauth', 'sign-in']]);
  return { agent, application, page };
}

const headingOf = ({ html }: Page) => /<h1>([^<]*)<\/h1>/.exec(html)?.[1];
const faultOf = ({ html }: Page) => /role="alert">(?:<[^>]+>)?([^<]*)</.exec(html)?.[1];

test('When people sign in, then they come back with a code and their state, and the code becomes tokens', async () => {
  const { agent, application, page } = await atThePage();

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

test('When the page is shown, then nobody keeps it, frames it, or adds anything to it', async () => {
  const { page } = await atThePage();
  const policy = page.headers.get('content-security-policy')!;
  expect(page.headers.get('cache-control')).toBe('no-store');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/=]+'; /);
  expect(policy).toContain("base-uri 'none'; frame-ancestors 'none'");
  expect(policy).not.toMatch(/unsafe|script-src/);
  expect(page.html).not.toMatch(/<script|\sstyle=|\son\w+=|src=|<link(?! rel="icon" href="data:)/);
});

test('When a form is filled in by a program or read out, then each field says what it is', async () => {
  const { page } = await atThePage();
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

test('When the client knows who is coming, then the address is there already', async () => {
  const { page } = await atThePage({ login_hint: 'ma"ria@<b>.example' });
  expect(page.html).toContain('value="ma&quot;ria@&lt;b&gt;.example"');
  expect(page.html).toMatch(/id="password"[^>]* autofocus/);
});

test.each([
  [{ email: 'manager@example.com', password: 'Test' }, 'The email address or the password is wrong.'],
  [{ email: '<i>nobody</i>@example.com', password: 'test' }, 'The email address or the password is wrong.'],
  [{ email: 'man\0ager@example.com', password: 'test' }, 'The email address or the password is wrong.'],
  [{ email: 'manager@example.com', password: '' }, 'Type your password.'],
  [{ email: ' ', password: 'test' }, 'Type your email address and your password.'],
])('When %p is typed, then the page says why that will not do, and the next try may', async (typed, fault) => {
  const { agent, page } = await atThePage();

  const refused = await agent.submit(page, typed);

  expect([refused.status, faultOf(refused)]).toEqual([400, fault]);
  expect(refused.headers.get('cache-control')).toBe('no-store');
  expect(refused.html).toContain('<title>Error: Sign in · Crema</title>');
  expect(refused.html).toMatch(/aria-invalid="true" aria-describedby="fault"/);
  expect(refused.html).not.toContain('<i>');
  expect((await agent.submit(refused, manager)).url.searchParams.has('code')).toBe(true);
});

test('When too many passwords were wrong, then even the right one is told to wait, and for how long', async () => {
  const redis = connectLimitsRedis(process.env.REDIS_URL as string, createLogger('test', 'silent'));
  const plenty = { count: 1_000, seconds: 600 };
  const guarded = await openAuthApi(shop.database, {
    signInLimiter: createSignInLimiter({ pair: { count: 2, seconds: 600 }, address: plenty, account: plenty }, redis),
  });
  try {
    // Nobody has tried this one's password on the Redis that test files share.
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
      'Too many passwords were wrong. Try again in 10 minutes, or from where you have signed in before.',
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

test('When the form does not come from our page, then nobody is signed in', async () => {
  const { agent, page } = await atThePage();
  const other = await atThePage();
  const foreign = /name="csrf" value="([^"]+)"/.exec(other.page.html)?.[1];
  for (const fields of [{ csrf: undefined }, { csrf: 'x' }, { csrf: foreign }]) {
    const refused = await agent.submit(page, { ...manager, ...fields });
    expect([refused.status, headingOf(refused)]).toEqual([403, 'This form is not ours']);
  }
  expect([...agent.cookies.keys()]).not.toContain('crema_session');
});

test('When another browser has the address, or the form is sent without cookies, then it is of no use', async () => {
  const { page } = await atThePage();
  const stranger = openUserAgent(api.url);
  expect(headingOf(await stranger.open(page.url.pathname))).toBe('This sign-in has expired');
  const sent = await stranger.submit(page, manager);
  expect([sent.status, headingOf(sent), stranger.cookies.size]).toEqual([400, 'This sign-in has expired', 0]);
});

test('When the sign-in has expired or is done, then the page says so', async () => {
  const { agent, page } = await atThePage();
  await shop
    .database('oidc_artifacts')
    .where({ kind: 'Interaction' })
    .update({ expires_at: new Date(0) });
  for (const answer of [await agent.open(page.url.pathname), await agent.submit(page, manager)]) {
    expect([answer.status, headingOf(answer)]).toEqual([400, 'This sign-in has expired']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  }
  const done = await atThePage();
  await done.agent.submit(done.page, manager);
  expect(headingOf(await done.agent.submit(done.page, manager))).toBe('This sign-in has expired');
  expect(headingOf(await done.agent.open('/oauth/authorize/long-gone'))).toBe('This sign-in has expired');
});

test('When somebody thinks better of it, then the client hears access_denied', async () => {
  const { agent, page } = await atThePage();
  const back = await agent.submit(page, { cancel: 'yes' });
  expect([back.status, back.url.searchParams.get('error')]).toEqual([303, 'access_denied']);
});

test('When the browser knows somebody, then the next client gets its code without a page, unless it wants one', async () => {
  const { agent, page, application } = await atThePage();
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

test('When somebody else signs in with the same browser, then the first one is signed out', async () => {
  const { agent, page, application } = await atThePage();
  const first = await agent.submit(page, customer);
  const { body } = await api.post('/oauth/token', application.exchange(first.url.searchParams.get('code')!));

  const change = await agent.submit(await agent.open(application.authorize({ prompt: 'login' })), manager);
  // With scripts this page goes on by itself.
  expect(change.headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
  const second = await agent.submit(change, {});

  const other = await api.post('/oauth/token', application.exchange(second.url.searchParams.get('code')!));
  expect((await api.who(`Bearer ${other.body.access_token}`)).body.id).toBe(MANAGER);
  expect((await api.who(`Bearer ${body.access_token}`)).status).toBe(401);
  expect((await api.refresh(body.refresh_token)).body.error).toBe('invalid_grant');
});

test('When people want to stay signed in, then the cookie outlives the browser, and otherwise it does not', async () => {
  for (const remember of [undefined, 'yes']) {
    const { agent, page } = await atThePage();
    await agent.submit(page, { ...manager, remember });
    expect({ remember, expires: agent.cookies.get('crema_session')!.expires !== undefined }).toEqual({
      remember,
      expires: remember === 'yes',
    });
  }
});

test('When cookies are set, then scripts and other sites never see them, and neither does the API', async () => {
  const { agent, page } = await atThePage();
  await agent.submit(page, manager);
  for (const { path, attributes } of agent.cookies.values()) {
    expect(path).toMatch(/^\/oauth/);
    expect(attributes).toMatch(/; samesite=lax/i);
    expect(attributes).toMatch(/; httponly/i);
    expect(attributes).not.toMatch(/; secure/i);
  }
});

test('When browsers come over TLS, then their cookies are for TLS only', async () => {
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

test('When both fields are empty, then both are marked', async () => {
  const { agent, page } = await atThePage();
  const refused = await agent.submit(page, { email: '', password: '' });
  expect(refused.html.match(/<input[^>]* aria-invalid="true"/g)).toHaveLength(2);
});

test('When a form is too long, then the page shows it again, and the next try may', async () => {
  const { agent, page } = await atThePage();
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
])('When %s %s is refused, then browsers get a page, and programs JSON', async (method, path, status, allow) => {
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

test('When the head of a page is asked for, then it is that of the page', async () => {
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

test('When something breaks in the shop, then the page says that it is our fault', async () => {
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
