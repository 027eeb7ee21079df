import { z } from 'zod';
import type { AccountRequestRepository } from '../../db/account-requests.ts';
import type { EmailSuppressions } from '../../db/email-suppressions.ts';
import type { UserRepository } from '../../db/users.ts';
import { readPage } from '../http/paging.ts';
import { Problem } from '../http/problem.ts';
import { callerOf, linksTo, type Route, route } from '../http/route.ts';
import { id } from '../http/schemas.ts';
import { orProblem } from './refusals.ts';
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
  userChange,
  userList,
  userQuery,
  verification,
} from './schemas.ts';
import type { AccountService } from './service.ts';

interface Dependencies {
  accountService: AccountService;
  accountRequests: Pick<AccountRequestRepository, 'listInvitations' | 'revokeInvitation'>;
  users: UserRepository;
  suppressions: EmailSuppressions;
}

const forAnyone = { tag: 'Users', access: 'anyone' } as const;
const forManagers = { tag: 'Users', access: { to: ['manager'], scope: 'users:write' } } as const;
const params = z.object({ id });
const ROLE_CHANGE =
  'Has no effect if the user already has this role. Existing tokens get the new role within 30 seconds.';
const emailed = { 202: { description: 'Accepted. Crema sends an email if the address is eligible', body: nothing } };

export const userRoutes = (dependencies: Dependencies): Route[] => [
  ...registrationRoutes(dependencies),
  ...invitationRoutes(dependencies),
  ...managementRoutes(dependencies),
];

const registrationRoutes = ({ accountService }: Dependencies): Route[] => [
  route({
    ...forAnyone,
    method: 'post',
    path: '/v1/users',
    operationId: 'registerUser',
    summary: 'Register as a customer',
    description:
      'Crema sends an email with a link to set a password, which opens the account. The response is the same ' +
      'whether or not the address has an account.',
    headers: registrationHeaders,
    body: registration,
    responses: emailed,
    handle: async ({ body, headers }) => {
      orProblem(await accountService.register({ language: headers['accept-language'], ...body }));
      return { status: 202, body: {} };
    },
  }),
  route({
    ...forAnyone,
    method: 'post',
    path: '/v1/users/verify',
    operationId: 'verifyUser',
    summary: 'Open an account, or confirm a new email address',
    description:
      'Requires the token of an emailed link. The token of a registration opens the account and requires a password. ' +
      'The token of an address change needs no password.',
    body: verification,
    responses: { 200: { description: 'The account', body: user } },
    problems: ['invalid_link'],
    handle: async ({ body }) => {
      const verified = orProblem(await accountService.verify(body.token, body.password));
      return { status: 200, body: toUserResource(verified) };
    },
  }),
  route({
    ...forAnyone,
    method: 'post',
    path: '/v1/password-resets',
    operationId: 'requestPasswordReset',
    summary: 'Request a password reset',
    description: 'Crema sends a link to the address if it has an account. The response is the same in both cases.',
    body: resetRequest,
    responses: emailed,
    handle: async ({ body }) => {
      orProblem(await accountService.requestReset(body.email));
      return { status: 202, body: {} };
    },
  }),
  route({
    ...forAnyone,
    method: 'post',
    path: '/v1/password-resets/confirm',
    operationId: 'confirmPasswordReset',
    summary: 'Set a new password',
    description:
      'Requires the token of an emailed link, and ends all sessions. The token of an invitation opens the account.',
    body: reset,
    responses: { 200: { description: 'The account', body: user } },
    problems: ['invalid_link'],
    handle: async ({ body }) => {
      const account = orProblem(await accountService.choosePassword(body.token, body.password));
      return { status: 200, body: toUserResource(account) };
    },
  }),
];

const invitationRoutes = ({ accountService, accountRequests, users }: Dependencies): Route[] => [
  route({
    ...forManagers,
    method: 'get',
    path: '/v1/users',
    operationId: 'listUsers',
    summary: 'List users',
    description: 'Send `nextCursor` as `cursor` to get the next page.',
    query: userQuery,
    responses: {
      200: {
        description: 'A page of users, by email address',
        body: userList,
        links: linksTo({ id: '$response.body#/data/0/id' }, 'changeUser'),
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
    ...forManagers,
    method: 'post',
    path: '/v1/users/invitations',
    operationId: 'inviteUser',
    summary: 'Invite a user',
    description: 'Crema sends an email with a link to set a password, which opens the account.',
    body: invitation,
    responses: emailed,
    problems: ['email_taken'],
    handle: async ({ body, ...request }) => {
      orProblem(await accountService.invite({ ...body, invitedBy: callerOf(request).id }));
      return { status: 202, body: {} };
    },
  }),
  route({
    ...forManagers,
    method: 'get',
    path: '/v1/users/invitations',
    operationId: 'listInvitations',
    summary: 'List open invitations',
    description: 'An invitation closes when its link is used or expires, or when its author is no longer a manager.',
    responses: {
      200: {
        description: 'All open invitations, the newest first',
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
    ...forManagers,
    method: 'delete',
    path: '/v1/users/invitations/{id}',
    operationId: 'revokeInvitation',
    summary: 'Revoke an invitation',
    description: 'The link of the invitation becomes invalid.',
    params,
    responses: { 204: { description: 'Revoked' } },
    problems: ['not_found'],
    handle: async (request) => {
      if (!(await accountRequests.revokeInvitation(request.params.id))) throw new Problem('not_found');
      return { status: 204 };
    },
  }),
];

const managementRoutes = ({ accountService, suppressions }: Dependencies): Route[] => [
  route({
    ...forManagers,
    method: 'post',
    path: '/v1/email-suppressions/lift',
    operationId: 'liftEmailSuppression',
    summary: 'Resume email to an address',
    description: 'For addresses that receive no email because a message bounced permanently or was reported as spam.',
    body: suppressedAddress,
    responses: { 204: { description: 'The address receives email again' } },
    problems: ['not_found'],
    handle: async ({ body }) => {
      if (!(await suppressions.lift(body.email))) throw new Problem('not_found');
      return { status: 204 };
    },
  }),
  route({
    ...forManagers,
    method: 'patch',
    path: '/v1/users/{id}',
    operationId: 'changeUser',
    summary: 'Change the role of a user',
    description: ROLE_CHANGE,
    params,
    body: userChange,
    responses: { 200: { description: 'The user', body: user } },
    problems: ['not_found', 'last_manager'],
    handle: async ({ params: { id }, body }) => ({
      status: 200,
      body: toUserResource(orProblem(await accountService.setRole(id, body.role))),
    }),
  }),
  ...(['promote', 'demote'] as const).map((change) =>
    route({
      ...forManagers,
      method: 'post',
      path: `/v1/users/{id}/${change}`,
      operationId: `${change}User`,
      summary: change === 'promote' ? 'Make a user a manager' : 'Make a manager a customer',
      description: `Use \`PATCH /v1/users/{id}\` instead. ${ROLE_CHANGE}`,
      deprecated: true,
      params,
      responses: { 200: { description: 'The user', body: user } },
      problems: change === 'promote' ? ['not_found'] : ['not_found', 'last_manager'],
      handle: async (request) => {
        const changed = orProblem(
          await accountService.setRole(request.params.id, change === 'promote' ? 'manager' : 'customer'),
        );
        return { status: 200, body: toUserResource(changed) };
      },
    }),
  ),
];
