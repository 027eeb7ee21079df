/** The authorization code flow with PKCE (RFC 7636). The tab keeps the verifier while the sign-in page is open. */
const KEPT = 'crema.sign-in';

interface Kept {
  verifier: string;
  state: string;
  /** The fragment of the page, which the redirect URI cannot contain. */
  fragment: string;
}

interface AuthorizationRequest {
  clientId: string;
  redirectUri: string;
  scope?: string | undefined;
  prompt?: string | undefined;
}

const base64url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

const random = (): string => base64url(crypto.getRandomValues(new Uint8Array(32)));

export async function redirectToSignIn({ clientId, redirectUri, scope, prompt }: AuthorizationRequest): Promise<void> {
  const kept: Kept = { verifier: random(), state: random(), fragment: location.hash };
  sessionStorage.setItem(KEPT, JSON.stringify(kept));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(kept.verifier));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: redirectUri,
    state: kept.state,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: 'S256',
    ...(scope && { scope }),
    ...(prompt && { prompt }),
  });
  location.assign(`/oauth/authorize?${query}`);
}

/** Returns the code in the URL and its verifier, and removes them; `undefined` if this is not the end of a sign-in. */
export function takeCode(): { code: string; code_verifier: string } | undefined {
  const query = new URLSearchParams(location.search);
  if (!query.has('state')) return undefined;
  const { verifier, state, fragment }: Partial<Kept> = JSON.parse(sessionStorage.getItem(KEPT) ?? '{}');
  sessionStorage.removeItem(KEPT);
  history.replaceState(null, '', location.pathname + (fragment ?? ''));
  const code = query.get('code');
  return code && verifier && state === query.get('state') ? { code, code_verifier: verifier } : undefined;
}
