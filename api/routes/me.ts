import type { AccountService } from '../account/account-service.ts';
import { collectPersonalData, type PersonalDataSources } from '../account/personal-data.ts';
import { refusal } from '../account/refusal.ts';
import type { Caller } from '../auth/caller.ts';
import { farewell, me, meChange, passwordChange, personalData } from '../contract/users.ts';
import { Problem } from '../problem.ts';
import { type Access, callerOf, personOf, type Route, route } from '../route.ts';

type Dependencies = PersonalDataSources & { accounts: AccountService };

const tag = 'Users';
const people: Access = { to: ['customer', 'manager'] };

/** Who you are, and what you may do about it. */
export function meRoutes({ accounts, ...sources }: Dependencies): Route[] {
  const { users } = sources;

  /** Read anew: what is known of a caller may be half a minute old. */
  async function asOfNow({ id, scopes }: Caller) {
    const user = await users.find(id);
    if (!user) throw gone();
    return { ...user, scopes: [...scopes] };
  }

  return [
    route({
      method: 'get',
      path: '/v1/me',
      operationId: 'getMe',
      tag,
      summary: 'Who you are, and what your token is good for',
      access: people,
      answers: { 200: { description: 'You', body: me } },
      handle: async (request) => ({ status: 200, body: await asOfNow(callerOf(request)) }),
    }),
    route({
      method: 'patch',
      path: '/v1/me',
      operationId: 'changeMe',
      tag,
      summary: 'Change your name or your address',
      description:
        'Another address counts once the link in the email that goes there was used; the present one is told.',
      access: people,
      body: meChange,
      answers: { 200: { description: 'You, as of now', body: me } },
      problems: ['wrong_password'],
      handle: async (request) => {
        const caller = callerOf(request);
        const { name, email, currentPassword: password } = request.body;
        if (email !== undefined && password !== undefined) {
          const refused = await accounts.changeAddress(caller, { email, password });
          if (refused) throw refusal(refused);
        }
        if (name !== undefined) await users.rename(caller.id, name);
        return { status: 200, body: await asOfNow(caller) };
      },
    }),
    route({
      method: 'delete',
      path: '/v1/me',
      operationId: 'deleteMe',
      tag,
      summary: 'Be forgotten',
      description: 'Ends all sessions. Orders stay, without you, and those that are open go on; no email follows.',
      access: people,
      body: farewell,
      answers: { 204: { description: 'Forgotten' } },
      problems: ['wrong_password', 'last_manager', 'outcome_unknown'],
      handle: async (request) => {
        const refused = await accounts.erase(callerOf(request), request.body.password);
        if (refused) throw refusal(refused);
        return { status: 204 };
      },
    }),
    route({
      method: 'get',
      path: '/v1/me/export',
      operationId: 'exportMe',
      tag,
      summary: 'Everything that the shop knows of you',
      access: people,
      answers: {
        200: {
          description: 'Your account and your orders',
          body: personalData,
          headers: { 'Content-Disposition': 'A file to keep' },
        },
      },
      handle: async (request) => {
        const body = await collectPersonalData(sources, callerOf(request).actor);
        if (!body) throw gone();
        const headers = {
          'cache-control': 'no-store',
          'content-disposition': 'attachment; filename="crema-export.json"',
        };
        return { status: 200, headers, body };
      },
    }),
    route({
      method: 'post',
      path: '/v1/me/password',
      operationId: 'changePassword',
      tag,
      summary: 'Change your password',
      description: 'You stay signed in. An email tells you, in case it was somebody else.',
      access: people,
      body: passwordChange,
      answers: { 204: { description: 'Changed' } },
      problems: ['wrong_password'],
      handle: async (request) => {
        const { currentPassword: current, newPassword: next } = request.body;
        const refused = await accounts.changePassword(personOf(request), { current, next });
        if (refused) throw refusal(refused, '#/newPassword');
        return { status: 204 };
      },
    }),
  ];
}

/** Forgotten a moment ago, while what is known of their token still counts. */
const gone = () =>
  new Problem('unauthenticated', {
    detail: 'You have no account any more.',
    headers: { 'www-authenticate': 'Bearer realm="crema", error="invalid_token"' },
  });
