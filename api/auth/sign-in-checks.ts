import { type Client, interactionPolicy, type KoaContextWithOIDC } from 'oidc-provider';
import type { User } from '../../db/users.ts';
import type { Role } from '../../domain/actor.ts';
import { DISPLAY, isDisplaySession } from './display.ts';
import { TEMPORAL_UI } from './temporal-ui.ts';

const { Check } = interactionPolicy;

/** The roles of the users that may sign in to a client. A client that is not listed accepts all users. */
const rolesOf: Record<string, readonly Role[]> = { [TEMPORAL_UI]: ['manager'], [DISPLAY]: ['barista', 'manager'] };

/** The reason with which oidc-provider shows the sign-in page again to a user whose role the client does not accept. */
export const WRONG_ROLE = 'wrong_role';

/** Returns a check that sends users whose role the client does not accept back to the sign-in page. */
export const requireRole = () =>
  new Check(WRONG_ROLE, 'The client is for users of another role.', (ctx) => {
    const { account, client } = (ctx as KoaContextWithOIDC).oidc;
    const roles = rolesOf[(client as Client).clientId];
    if (!account || !roles) return Check.NO_NEED_TO_PROMPT;
    const { user } = account as unknown as { user: User };
    return roles.includes(user.role) ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
  });

/**
 * Returns a check that requires a new sign-in to use a display's session for another client, because anybody can reach the
 * display. It also requires one to use another session for the display, so that this sign-in narrows the session.
 */
export const requireOwnSession = () =>
  new Check('other_session', 'The session belongs to another client.', 'login_required', (ctx) => {
    const { session, client } = (ctx as KoaContextWithOIDC).oidc;
    const fits = isDisplaySession(session) === (client?.clientId === DISPLAY);
    return fits || !session?.accountId ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
  });
