import type { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponseObject } from 'zod-openapi';
import { scopesOf } from '../domain/scopes.ts';
import { tokenPaths } from './contract/oauth.ts';
import { problem } from './contract/problem.ts';
import { type ProblemCode, problems } from './problem.ts';
import type { Route } from './route.ts';

/** What the pieces of the API are, in the order of the docs page. */
const tags = [
  { name: 'Catalog', description: 'The menu' },
  { name: 'Orders', description: 'Place, follow, move and cancel orders' },
  { name: 'Products', description: 'Managers shape the menu' },
  { name: 'Users', description: 'Who you are' },
  { name: 'Access', description: 'OAuth2: tokens for everything else' },
  { name: 'Operations', description: 'How the shop is doing' },
];

/** The OpenAPI 3.1 document of the routes: made of the very schemas that check the requests. */
export function describeApi(routes: readonly Route[]) {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Crema',
      version: '1.0.0',
      description:
        'A coffee shop’s orders. Sign in as `customer@example.com` or `manager@example.com`, password `test` ' +
        '(development only), read the menu, place an order and follow it.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags,
    paths: { ...paths, ...tokenPaths },
    components: {
      securitySchemes: {
        oauth2: {
          type: 'oauth2',
          description: 'The password flow is there in development only.',
          flows: {
            password: {
              tokenUrl: '/oauth/token',
              refreshUrl: '/oauth/token',
              scopes: Object.fromEntries(scopesOf('manager').map((scope) => [scope, scopeDescriptions[scope]])),
            },
          },
        },
      },
    },
  });
}

const scopeDescriptions: Record<ReturnType<typeof scopesOf>[number], string> = {
  'orders:read': 'Read orders',
  'orders:write': 'Place, move and cancel orders',
  'catalog:write': 'Change the catalog',
  'users:write': 'Manage users',
  'events:read': 'Follow all events',
  'webhooks:write': 'Manage webhooks',
};

function operationOf(route: Route): ZodOpenApiOperationObject {
  const { operationId, tag, summary, description, access, params, query, headers, body, answers } = route;
  const who = access === 'anyone' ? undefined : `For: ${access.to.join(', ')}.`;
  return {
    operationId,
    tags: [tag],
    summary,
    ...((description || who) && { description: [description, who].filter(Boolean).join(' ') }),
    security: access === 'anyone' ? [] : [{ oauth2: access.scope ? [access.scope] : [] }],
    requestParams: {
      ...(params && { path: params as z.ZodObject }),
      ...(query && { query: query as z.ZodObject }),
      ...(headers && { header: headers as z.ZodObject }),
    },
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        content: { 'application/json': { schema: body } },
      },
    }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, responseOf(answer)])),
      ...problemResponses(problemsOf(route)),
    },
  };
}

function responseOf({ description, body, headers = {} }: Route['answers'][number]): ZodOpenApiResponseObject {
  return {
    description,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
    ),
    ...(body && { content: { 'application/json': { schema: body } } }),
  };
}

/** Everything that can go wrong with a route: its own problems, and those of its access and its input. */
function problemsOf({ access, body, problems = [], path }: Route): Set<ProblemCode> {
  // Unknown query parameters are refused everywhere.
  const codes = new Set<ProblemCode>(['invalid_request', ...problems]);
  if (access !== 'anyone') codes.add('unauthenticated').add('forbidden');
  if (body) codes.add('payload_too_large').add('unsupported_media_type');
  if (!path.startsWith('/health')) codes.add('unavailable');
  return codes.add('internal');
}

function problemResponses(codes: Set<ProblemCode>): Record<string, ZodOpenApiResponseObject> {
  const byStatus = Map.groupBy(codes, (code) => problems[code].status);
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join(' · '),
        content: { 'application/problem+json': { schema: problem } },
      },
    ]),
  );
}
