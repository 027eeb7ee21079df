import type { FrontDoor } from './front-door.ts';
import { openApplication, openUserAgent } from './user-agent.ts';

/** Signs somebody in through the page, in a browser of their own, up to the code that the application gets. */
export async function signInWithBrowser(
  door: FrontDoor,
  email = 'customer@example.com',
  parameters: Record<string, string | undefined> = {},
) {
  const agent = openUserAgent(door.url);
  const application = openApplication(door.url);
  const back = await agent.submit(await agent.open(application.authorize(parameters)), { email, password: 'test' });
  const code = back.url.searchParams.get('code');
  if (!code) throw new Error(`no code for ${email}: ${back.status} ${back.url}`);
  /** Trades a code for tokens. */
  const trade = (changes: Record<string, string> = {}) =>
    door.post('/oauth/token', application.exchange(code, changes));
  return { agent, application, code, trade };
}
