import { computed, effect, type ReadonlySignal } from '@preact/signals';
import { client } from '../client/client.gen.ts';
import { type GetTokenResponse, getMe, getToken, type Role, type TokenRequest } from '../client/index.ts';
import { userLanguage } from '../page/language.ts';
import { storedSignal } from '../page/stored-signal.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { redirectToSignIn, takeCode } from './authorization-code.ts';

/** A sign-in, as this device keeps it. */
interface SignedIn {
  accessToken: string;
  /** In ms since the epoch. */
  expiresAt: number;
  /** The request that returns the next access token. */
  renewal: TokenRequest;
}

interface Account {
  id: string;
  name: string;
  role: Role;
}

interface SessionOptions {
  /** The id of the OAuth2 client. Pages with the same client share a session. */
  clientId: string;
  /** The scopes to ask for, separated by spaces. Default: all that the user's role has. */
  scope?: string;
}

/** `expired`: a person has to sign in again. */
export type SessionState = 'signed out' | 'signed in' | 'expired';

export type Session = ReturnType<typeof createSession>;

/** The timeout of a request, in ms. */
const TIMEOUT_MS = 20_000;

/** Streams have no timeout. They notice a lost connection by missing heartbeats. */
function fetchWithTimeout(request: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  if (!(request instanceof Request) || request.url.includes('/events')) return fetch(request, init);
  return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
}

/** The time until the account is read again after a request without an answer, in ms. */
const ACCOUNT_RETRY_MS = 5_000;

/** Renews access tokens so many ms before they expire. */
const RENEWAL_MS = 30_000;

/** Creates the session of a page, and gives every request of the generated client its access token. */
export function createSession({ clientId, scope }: SessionOptions) {
  const stored = storedSignal<SignedIn | 'expired' | null>(`crema.session.${clientId}`, null);
  const account = storedSignal<Account | null>(`crema.account.${clientId}`, null);
  const path = location.pathname;
  /** Tokens with the scopes of the display may not read the account. */
  const hasAccount = scope === undefined;

  const state: ReadonlySignal<SessionState> = computed(() =>
    stored.value === 'expired' ? 'expired' : stored.value ? 'signed in' : 'signed out',
  );

  /** Keeps an access token, and the request that returns the next one. */
  function keep({ access_token: accessToken, expires_in, refresh_token }: GetTokenResponse, body: TokenRequest): void {
    const renewal: TokenRequest = refresh_token
      ? { grant_type: 'refresh_token', client_id: clientId, refresh_token }
      : body;
    stored.value = { accessToken, expiresAt: Date.now() + expires_in * 1_000, renewal };
  }

  const signedIn = (): SignedIn | undefined => (stored.value === 'expired' ? undefined : (stored.value ?? undefined));

  /** Returns the kept token, unless it expires soon. */
  function validToken(): string | undefined {
    const { accessToken, expiresAt = 0 } = signedIn() ?? {};
    return expiresAt - RENEWAL_MS > Date.now() ? accessToken : undefined;
  }

  /** Returns a valid access token; `undefined` without a sign-in, or if the API gives no answer. */
  async function accessToken(): Promise<string | undefined> {
    if (validToken()) return validToken();
    // A second use of a refresh token ends the session, so only one tab at a time may renew it.
    return navigator.locks.request(`crema.session.${clientId}`, async () => {
      // Another tab may have renewed it while this one waited for the lock.
      stored.reread();
      const held = signedIn();
      if (!held || validToken()) return validToken();
      const { data, response } = await getToken({ body: held.renewal });
      // Meanwhile, another tab may have ended this sign-in.
      stored.reread();
      if (JSON.stringify(signedIn()?.renewal) !== JSON.stringify(held.renewal)) return validToken();
      if (data) keep(data, held.renewal);
      else if (response?.status === 400 || response?.status === 401) {
        stored.value = held.renewal.grant_type === 'client_credentials' ? null : 'expired';
      }
      return validToken();
    });
  }

  /** Reads the user's name, role and language, which can change. @returns whether the API has answered */
  async function readAccount(auth: () => Promise<string | undefined> = accessToken): Promise<boolean> {
    const outcome = await outcomeOf(getMe({ auth }));
    if (outcome.kind !== 'done') return false;
    const { id, name, role, language } = outcome.data;
    account.value = { id, name, role };
    userLanguage.value = language;
    return true;
  }

  const isAccountMissing = computed(() => state.value === 'signed in' && hasAccount && !account.value);
  effect(() => {
    if (!isAccountMissing.value) return;
    const timer = setInterval(() => void readAccount(), ACCOUNT_RETRY_MS);
    return () => clearInterval(timer);
  });

  client.setConfig({ baseUrl: '', auth: accessToken, fetch: fetchWithTimeout });
  client.interceptors.response.use((response, sent) => {
    const held = signedIn();
    // A token that was revoked, or whose user has a new role, is renewed before the next request.
    if (held && response.status === 401 && sent.headers.get('authorization') === `Bearer ${held.accessToken}`) {
      stored.value = { ...held, expiresAt: 0 };
    }
    return response;
  });

  return {
    state,
    account: account as ReadonlySignal<Account | null>,
    accessToken,
    keep,
    readAccount,

    /** Completes a sign-in that has led back to this page. Call it before the page is shown. */
    async completeSignIn(): Promise<void> {
      const code = takeCode();
      const redirect_uri = location.origin + path;
      if (code) {
        const body = { grant_type: 'authorization_code' as const, client_id: clientId, redirect_uri, ...code };
        const { data } = await getToken({ body });
        if (!data) return;
        // Stored requests belong to one user, so the account changes before the token, for all tabs.
        if (hasAccount && !(await readAccount(async () => data.access_token))) account.value = null;
        keep(data, body);
      } else if (isAccountMissing.value) {
        await readAccount();
      } else if (state.value === 'signed in' && hasAccount) {
        void readAccount();
      }
    },

    /** Leaves the page for the sign-in page. @param again whether to ask for the password even if somebody is signed in */
    signIn: ({ again = false } = {}) =>
      redirectToSignIn({ clientId, redirectUri: location.origin + path, scope, prompt: again ? 'login' : undefined }),

    /** Forgets the sign-in, and leaves the page for the sign-out page. */
    signOut(): void {
      stored.value = null;
      account.value = null;
      userLanguage.value = null;
      const back = new URLSearchParams({ client_id: clientId, post_logout_redirect_uri: location.origin + path });
      location.assign(`/oauth/logout?${back}`);
    },
  };
}
