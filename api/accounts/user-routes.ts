import { z } from 'zod';
import type { AccountRequestRepository } from '../../db/account-requests.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Access } from '../http/access.ts';
import { readPage } from '../http/paging.ts';
import { Problem } from '../http/problem.ts';
import { callerOf, linksTo, type Route, route } from '../http/route.ts';
import { id } from '../http/schemas.ts';
import { refusal } from './refusal.ts';
import { toInvitationResource, toUserResource } from './resources.ts';
import {
  invitation,
  invitationList,
  nothing,
  registration,
  registrationHeaders,
  reset,
  resetRequest,
  suppressedAddress,
  user,
  userList,
  userQuery,
  verification,
} from './schemas.ts';
import type { AccountService } from './service.ts';

interface Dependencies {
  accounts: AccountService;
  accountRequests: Pick<AccountRequestRepository, 'listInvitations'>;
  users: UserRepository;
  suppressions: EmailSuppressions;
}

const tag = 'Users';
const managers: Access = { to: ['manager'], scope: 'users:write' };
const params = z.object({ id });
const mailed = { 202: { description: 'Taken down; an email follows where it leads to something', body: nothing } };

/** People: how they come to an account and back into one, and what managers do about them. */
export function userRoutes({ accounts, accountRequests, users, suppressions }: Dependencies): Route[] {
  return [
    route({
      method: 'post',
      path: '/v1/users',
      operationId: 'registerUser',
      tag,
      summary: 'Register as a customer',
      description:
        'The account opens with the link in the email that follows, where you choose a password. The answer is the same ' +
        'whether or not the address has an account.',
      access: 'anyone',
      headers: registrationHeaders,
      body: registration,
      responses: mailed,
      handle: async ({ body, headers }) => {
        const refused = await accounts.register({ language: headers['accept-language'], ...body });
        if (refused) throw refusal(refused);
        return { status: 202, body: {} };
      },
    }),
    route({
      method: 'post',
      path: '/v1/users/verify',
      operationId: 'verifyUser',
      tag,
      summary: 'Open your account, or confirm your new address',
      description:
        'Takes the token of the link that was mailed. The token of a registration opens the account and requires a password; ' +
        'that of an address change needs none.',
      access: 'anyone',
      body: verification,
      responses: { 200: { description: 'You', body: user } },
      problems: ['invalid_link'],
      handle: async ({ body }) => {
        const verified = await accounts.verify(body.token, body.password);
        if ('refused' in verified) throw refusal(verified);
        return { status: 200, body: toUserResource(verified) };
      },
    }),
    route({
      method: 'post',
      path: '/v1/password-resets',
      operationId: 'requestPasswordReset',
      tag,
      summary: 'Ask for a new password',
      description:
        'A link follows by email if there is an account, and nothing if there is none. Says the same either way.',
      access: 'anyone',
      body: resetRequest,
      responses: mailed,
      handle: async ({ body }) => {
        const refused = await accounts.requestReset(body.email);
        if (refused) throw refusal(refused);
        return { status: 202, body: {} };
      },
    }),
    route({
      method: 'post',
      path: '/v1/password-resets/confirm',
      operationId: 'confirmPasswordReset',
      tag,
      summary: 'Choose a new password',
      description:
        'Takes the token of the link that was mailed, and ends all sessions. Of an invitation, it opens the account.',
      access: 'anyone',
      body: reset,
      responses: { 200: { description: 'You', body: user } },
      problems: ['invalid_link'],
      handle: async ({ body }) => {
        const account = await accounts.choosePassword(body.token, body.password);
        if ('refused' in account) throw refusal(account);
        return { status: 200, body: toUserResource(account) };
      },
    }),
    route({
      method: 'get',
      path: '/v1/users',
      operationId: 'listUsers',
      tag,
      summary: 'People with an account, by address',
      description: 'Send `nextCursor` as `cursor` for the next page.',
      access: managers,
      query: userQuery,
      responses: {
        200: {
          description: 'A page of people',
          body: userList,
          links: linksTo({ id: '$response.body#/data/0/id' }, 'promoteUser', 'demoteUser'),
        },
      },
      handle: async ({ query: { cursor, limit, ...filter } }) => {
        const page = await readPage(
          limit,
          (limit) => users.list({ ...filter, after: cursor?.[0], limit }),
          ({ email }) => [email],
        );
        return { status: 200, body: { ...page, data: page.data.map(toUserResource) } };
      },
    }),
    route({
      method: 'post',
      path: '/v1/users/invitations',
      operationId: 'inviteUser',
      tag,
      summary: 'Invite somebody, by default as a customer',
      description: 'They choose a password by the link in the email that follows.',
      access: managers,
      body: invitation,
      responses: mailed,
      problems: ['email_taken'],
      handle: async ({ body, ...request }) => {
        const refused = await accounts.invite({ ...body, invitedBy: callerOf(request).id });
        if (refused) throw refusal(refused);
        return { status: 202, body: {} };
      },
    }),
    route({
      method: 'get',
      path: '/v1/users/invitations',
      operationId: 'listInvitations',
      tag,
      summary: 'Invitations that are open, the newest first',
      description: 'One is closed when its link is used or has expired, or when its author is not a manager any more.',
      access: managers,
      responses: {
        200: {
          description: 'All of them',
          body: invitationList,
          links: linksTo({ id: '$response.body#/data/0/id' }, 'revokeInvitation'),
        },
      },
      handle: async () => ({
        status: 200,
        body: { data: (await accountRequests.listInvitations()).map(toInvitationResource) },
      }),
    }),
    route({
      method: 'delete',
      path: '/v1/users/invitations/{id}',
      operationId: 'revokeInvitation',
      tag,
      summary: 'Revoke an invitation',
      description: 'Its link does not work any more.',
      access: managers,
      params,
      responses: { 204: { description: 'Revoked' } },
      problems: ['not_found'],
      handle: async (request) => {
        const refused = await accounts.revokeInvitation(request.params.id);
        if (refused) throw refusal(refused);
        return { status: 204 };
      },
    }),
    route({
      method: 'post',
      path: '/v1/email-suppressions/lift',
      operationId: 'liftEmailSuppression',
      tag,
      summary: 'Write to an address again',
      description: 'To which no mail went since one came back from it for good, or was called spam there.',
      access: managers,
      body: suppressedAddress,
      responses: { 204: { description: 'It gets mail again' } },
      problems: ['not_found'],
      handle: async ({ body }) => {
        if (!(await suppressions.lift(body.email))) throw new Problem('not_found');
        return { status: 204 };
      },
    }),
    ...(['promote', 'demote'] as const).map((change) =>
      route({
        method: 'post',
        path: `/v1/users/{id}/${change}`,
        operationId: `${change}User`,
        tag,
        summary: change === 'promote' ? 'Make somebody a manager' : 'Make a manager a customer again',
        description: 'Who is one already stays one. It counts within half a minute, for tokens given out before, too.',
        access: managers,
        params,
        responses: { 200: { description: 'The person', body: user } },
        problems: change === 'promote' ? ['not_found'] : ['not_found', 'last_manager'],
        handle: async (request) => {
          const changed = await accounts.setRole(request.params.id, change === 'promote' ? 'manager' : 'customer');
          if ('refused' in changed) throw refusal(changed);
          return { status: 200, body: toUserResource(changed) };
        },
      }),
    ),
  ];
}
