import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWTHeaderParameters, SignJWT } from 'jose';
import Koa from 'koa';
import { type Auth, type AuthOptions, createAuth } from '../../api/auth/auth.ts';
import { type AuthState, rejectInvalidCredentials } from '../../api/auth/authenticate.ts';
import { answerProblems } from '../../api/http/middleware/problems.ts';
import { type RequestState, requestLog } from '../../api/http/middleware/request-log.ts';
import { createPages } from '../../api/http/pages/page.ts';
import { createLogger } from '../../config/logger.ts';
import type { Database } from '../../db/connection.ts';
import { createOidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { createSigningKeyRepository } from '../../db/signing-keys.ts';

interface TokenAnswer {
  status: number;
  headers: Headers;
  body: {
    access_token: string;
    token_type: string;
    expires_in: number;
    refresh_token: string;
    scope: string;
    error: string;
    error_description: string;
  };
}

/** An API with sign-in and `GET /who`, which returns the caller. */
export interface AuthApi {
  url: string;
  auth: Auth;
  /** Posts a form to an OAuth2 endpoint. */
  post(path: string, form: Record<string, string>, headers?: Record<string, string>): Promise<TokenAnswer>;
  signIn(username: string, extra?: Record<string, string>): Promise<TokenAnswer>;
  refresh(refreshToken: string, extra?: Record<string, string>): Promise<TokenAnswer>;
  who(authorization?: string): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }>;
  /** Signs a token with the shop's own key. The arguments replace claims and headers of a valid token. */
  forge(claims?: Record<string, unknown>, header?: Record<string, unknown>): Promise<string>;
  close(): Promise<void>;
}

export async function openAuthApi(
  database: Database,
  options: Partial<Omit<AuthOptions, 'database'>> = {},
): Promise<AuthApi> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const pages = createPages({ name: 'Crema', language: 'en', app: '/docs' });
  const auth = await createAuth({ database, pages, publicUrl: url, passwordGrant: true, ...options });

  const app = new Koa<RequestState & AuthState>();
  app.keys = auth.keys;
  app.use(requestLog(createLogger('test', 'silent')));
  app.use(answerProblems(pages));
  app.use(auth.endpoints);
  app.use(auth.authenticate);
  app.use(rejectInvalidCredentials);
  app.use((ctx) => {
    const { caller } = ctx.state;
    if (ctx.path === '/who') ctx.body = caller ? { ...caller, scopes: [...caller.scopes] } : {};
  });
  server.on('request', app.callback());

  const post: AuthApi['post'] = async (path, form, headers = {}) => {
    const answer = await fetch(url + path, { method: 'POST', body: new URLSearchParams(form), headers });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  };

  // A token is valid only with a stored grant, so forged tokens need one.
  const grant_id = randomUUID();
  await createOidcArtifactRepository(database).save('Grant', grant_id, {}, { expiresIn: 3_600 });

  return {
    url,
    auth,
    post,
    signIn: (username, extra) =>
      post('/oauth/token', { grant_type: 'password', client_id: 'crema', username, password: 'test', ...extra }),
    refresh: (token, extra) =>
      post('/oauth/token', { grant_type: 'refresh_token', client_id: 'crema', refresh_token: token, ...extra }),
    async who(authorization) {
      const answer = await fetch(`${url}/who`, { headers: authorization ? { authorization } : {} });
      return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
    },
    async forge(claims = {}, header = {}) {
      const [key] = await createSigningKeyRepository(database).list();
      const now = Math.floor(Date.now() / 1000);
      const good = {
        iss: url,
        aud: `${url}/v1`,
        sub: MANAGER,
        client_id: 'crema',
        grant_id,
        jti: randomUUID(),
        scope: 'orders:read',
        iat: now,
        exp: now + 60,
      };
      const parameters = { alg: 'ES256', typ: 'at+jwt', kid: key!.kid, ...header } as JWTHeaderParameters;
      return new SignJWT({ ...good, ...claims })
        .setProtectedHeader(parameters)
        .sign(await importJWK(key!.privateJwk, 'ES256'), { crit: { future: true } });
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

export async function readJson<Body = Record<string, unknown>>(url: string): Promise<Body> {
  return (await (await fetch(url)).json()) as Body;
}

/** The ids of the seeded users. */
export const MANAGER = '0c0ffee0-0000-4000-8000-000000000001';
export const BARISTA = '0c0ffee0-0000-4000-8000-000000000003';
export const CUSTOMER = '0c0ffee0-0000-4000-8000-000000000002';
