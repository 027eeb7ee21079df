import type { AuthApi } from './auth-api.ts';
import { openApplication, openUserAgent } from './user-agent.ts';

/** Signs a user in through the page, in a new browser, until the application receives the code. */
export async function signInWithBrowser(
  api: AuthApi,
  email = 'customer@example.com',
  parameters: Record<string, string | undefined> = {},
) {
  const agent = openUserAgent(api.url);
  const application = openApplication(api.url);
  const back = await agent.submit(await agent.open(application.authorize(parameters)), { email, password: 'test' });
  const code = back.url.searchParams.get('code');
  if (!code) throw new Error(`no code for ${email}: ${back.status} ${back.url}`);
  /** Exchanges the code for tokens. */
  const exchange = (changes: Record<string, string> = {}) =>
    api.post('/oauth/token', application.exchange(code, changes));
  return { agent, application, code, exchange };
}
