const TIMEOUT_MS = 20_000;

/**
 * Signs in with a password and returns an access token.
 *
 * @param url the base URL of the API
 */
export async function signIn(url: string, username: string, password = 'test'): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'password', client_id: 'crema', username, password });
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(`${url}/oauth/token`, { method: 'POST', body, signal });
  if (!response.ok) throw new Error(`no token for ${username}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { access_token: string }).access_token;
}
