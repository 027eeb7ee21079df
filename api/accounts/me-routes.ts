import { roles } from '../../domain/actor.ts';
import { toJsonLine } from '../../domain/text.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import { Problem } from '../http/problem.ts';
import { callerOf, type Route, route, tokenOf } from '../http/route.ts';
import type { Confirmation } from './password-check.ts';
import { collectPersonalData, type PersonalDataSources } from './personal-data.ts';
import { orProblem } from './refusals.ts';
import { toEmailPreferences } from './resources.ts';
import {
  emailPreferences,
  emailPreferencesChange,
  farewell,
  me,
  meChange,
  passwordChange,
  personalData,
} from './schemas.ts';
import type { AccountService } from './service.ts';

type Dependencies = PersonalDataSources & { accountService: AccountService };

const shared = { tag: 'Users', access: { to: roles } } as const;

/** The caller's own account. */
export const meRoutes = (dependencies: Dependencies): Route[] => [
  ...profileRoutes(dependencies),
  ...erasureRoutes(dependencies),
  exportRoute(dependencies),
  ...emailPreferenceRoutes(dependencies),
  passwordRoute(dependencies),
];

function profileRoutes({ accountService, users }: Dependencies): Route[] {
  /** Reads the account again, because the cached caller may be 30 s old. */
  async function meOf({ id, scopes }: Caller) {
    const user = await users.find(id);
    if (!user) throw gone();
    const { email, name, role, language } = user;
    return { id, email, name, role, language, scopes: [...scopes] };
  }

  return [
    route({
      ...shared,
      method: 'get',
      path: '/v1/me',
      operationId: 'getMe',
      summary: 'Get your account and the scopes of your token',
      responses: { 200: { description: 'Your account', body: me } },
      handle: async (request) => ({ status: 200, body: await meOf(callerOf(request)) }),
    }),
    route({
      ...shared,
      method: 'patch',
      path: '/v1/me',
      operationId: 'changeMe',
      summary: 'Change your name, email address or language',
      description:
        'Crema sends a link to a new email address. The address changes when you open it. Crema also notifies the current address.',
      body: meChange,
      responses: { 200: { description: 'Your changed account', body: me } },
      problems: ['wrong_password'],
      handle: async (request) => {
        const caller = callerOf(request);
        const { name, email, currentPassword: password, language } = request.body;
        if (email !== undefined && password !== undefined) {
          orProblem(await accountService.changeAddress(confirmationOf(request, password), email));
        }
        if (name !== undefined || language !== undefined) await users.update(caller.id, { name, language });
        return { status: 200, body: await meOf(caller) };
      },
    }),
  ];
}

/** Two routes that do the same, because some load balancers and clients drop the body of a DELETE. */
const erasureRoutes = ({ accountService }: Dependencies): Route[] =>
  (
    [
      { method: 'delete', path: '/v1/me', operationId: 'deleteMe', other: 'POST /v1/me/erasure' },
      { method: 'post', path: '/v1/me/erasure', operationId: 'eraseMe', other: 'DELETE /v1/me' },
    ] as const
  ).map(({ other, ...where }) =>
    route({
      ...shared,
      ...where,
      summary: 'Erase your account',
      description:
        'Ends all sessions and stops all email. Your orders are kept without your name, and open orders continue. ' +
        `Equivalent to \`${other}\`.`,
      body: farewell,
      responses: { 204: { description: 'Erased' } },
      problems: ['wrong_password', 'last_manager', 'outcome_unknown'],
      handle: async (request) => {
        orProblem(await accountService.erase(confirmationOf(request, request.body.password)));
        return { status: 204 };
      },
    }),
  );

const exportRoute = ({ accountService: _, ...sources }: Dependencies): Route =>
  route({
    ...shared,
    method: 'get',
    path: '/v1/me/export',
    operationId: 'exportMe',
    summary: 'Export your personal data',
    responses: {
      200: {
        description: 'Your account, your email preferences, and your orders',
        body: personalData,
        headers: { 'Content-Disposition': 'The name of the file' },
      },
    },
    handle: async (request) => {
      const body = await collectPersonalData(sources, callerOf(request).actor);
      if (!body) throw gone();
      const headers = {
        'cache-control': 'no-store',
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': 'attachment; filename="crema-export.json"',
      };
      return { status: 200, headers, body: toJsonLine(body) };
    },
  });

function emailPreferenceRoutes({ users }: Dependencies): Route[] {
  async function preferencesOf(id: string) {
    const reader = await users.findReader(id);
    if (!reader) throw gone();
    return toEmailPreferences(reader);
  }

  return [
    route({
      ...shared,
      method: 'get',
      path: '/v1/me/email-preferences',
      operationId: 'getEmailPreferences',
      summary: 'Get your email preferences',
      responses: {
        200: { description: 'The emails that you receive about your orders, by kind', body: emailPreferences },
      },
      handle: async (request) => ({ status: 200, body: await preferencesOf(callerOf(request).id) }),
    }),
    route({
      ...shared,
      method: 'patch',
      path: '/v1/me/email-preferences',
      operationId: 'changeEmailPreferences',
      summary: 'Change your email preferences',
      description: 'Omitted fields do not change. Emails about orders link to a page with the same settings.',
      body: emailPreferencesChange,
      responses: { 200: { description: 'Your changed preferences', body: emailPreferences } },
      handle: async (request) => {
        const { id } = callerOf(request);
        await users.chooseEmails(id, request.body);
        return { status: 200, body: await preferencesOf(id) };
      },
    }),
  ];
}

const passwordRoute = ({ accountService }: Dependencies): Route =>
  route({
    ...shared,
    method: 'post',
    path: '/v1/me/password',
    operationId: 'changePassword',
    summary: 'Change your password',
    description: 'Ends all other sessions. Crema notifies you by email.',
    body: passwordChange,
    responses: { 204: { description: 'Changed' } },
    problems: ['wrong_password'],
    handle: async (request) => {
      const { currentPassword, newPassword } = request.body;
      const who = confirmationOf(request, currentPassword);
      orProblem(await accountService.changePassword(who, newPassword, tokenOf(request)), '#/newPassword');
      return { status: 204 };
    },
  });

const confirmationOf = (request: { caller: Caller | undefined; address: string }, password: string): Confirmation => ({
  userId: callerOf(request).id,
  password,
  address: request.address,
});

/** Returns the problem for an account that was erased while its caller was still cached. */
const gone = () =>
  new Problem('unauthenticated', {
    detail: 'Your account no longer exists.',
    headers: { 'www-authenticate': 'Bearer realm="crema", error="invalid_token"' },
  });
