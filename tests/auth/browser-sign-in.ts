import type { AuthApi } from './auth-api.ts';
import { openApplication, openUserAgent } from './user-agent.ts';

/** Signs somebody in through the page, in a browser of their own, up to the code that the application gets. */
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
  /** Trades a code for tokens. */
  const trade = (changes: Record<string, string> = {}) => api.post('/oauth/token', application.exchange(code, changes));
  return { agent, application, code, trade };
}
