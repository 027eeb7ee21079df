import { z } from 'zod';
import {
  type CreateDocumentOptions,
  createDocument,
  type ZodOpenApiOperationObject,
  type ZodOpenApiResponseObject,
  type ZodOpenApiSecuritySchemeObject,
} from 'zod-openapi';
import { type Scope, scopesOf, serviceScopes } from '../../domain/scopes.ts';
import { oauthPaths } from '../auth/openapi-paths.ts';
import { type Access, sufficientScopes } from '../http/access.ts';
import { type ProblemCode, problems, RETRY_AFTER_S } from '../http/problem.ts';
import { problem, rateLimitHeaders } from '../http/problem-schemas.ts';
import type { Route } from '../http/route.ts';
import { cloudEvent } from '../streams/schemas.ts';
import { eventDelivery } from '../webhooks/schemas.ts';
import { amountsIn, inCurrency } from './currency.ts';
import { problemExample } from './examples.ts';

/** The tags, in the order of the docs page. */
const tags = [
  { name: 'Catalog', description: 'The menu' },
  { name: 'Orders', description: 'Place, read, change and cancel orders' },
  { name: 'Streams', description: 'Follow orders by server-sent events' },
  {
    name: 'Products',
    description: 'Managers change products and variations. Baristas change the availability of these',
  },
  {
    name: 'Option groups',
    description: 'Managers change the options that products share. Baristas change the availability of options',
  },
  { name: 'Users', description: 'Accounts, invitations, passwords and roles' },
  { name: 'Webhooks', description: 'Endpoints of other systems that receive events' },
  { name: 'Events', description: 'The requests that webhooks receive' },
  { name: 'Access', description: 'OAuth 2.0 and OpenID Connect: access tokens' },
  { name: 'Operations', description: 'Health checks, and endpoints for Temporal and Amazon' },
];

const seededUsers =
  'To try the API in development, choose *Authorize* and sign in as `customer@example.com`, `barista@example.com` or ' +
  '`manager@example.com`, password `test`. Place an order as the customer, change its status as the barista, and read ' +
  'its timeline.';

const conventions = [
  '**Errors** are [problem documents](/docs/problems) (RFC 9457, `application/problem+json`). `code` identifies the ' +
    'problem. `errors`, if present, lists faults in the request. A method that a path does not support returns 405 with `Allow`.',
  '**Retries** are safe with an `Idempotency-Key`. A 503 has a `Retry-After` header. `outcome_unknown` means that the ' +
    'request may have taken effect.',
  '**Versions**: `ETag` is the version of a resource. Send it as `If-Match` to change the resource only if it has not ' +
    'changed since you read it. Send it as `If-None-Match` to get 304 if it has not changed.',
  `**Money** is an integer in minor units: ${amountsIn('USD')}. **Times** are in RFC 3339, UTC. **Ids** are UUIDs.`,
  '**Unknown** fields and parameters in requests are rejected. Responses may gain fields: ignore unknown ones.',
  '**Rate limits**: `RateLimit` gives the remaining requests and the seconds until the quota resets; `RateLimit-Policy` ' +
    'gives the quota. A request above it returns 429 with `Retry-After`.',
  'Every response has an `X-Request-Id`: the one that you sent, or a new one.',
];

/** The shop that serves the document. */
export interface DocumentedShop {
  name: string;
  /** ISO 4217. */
  currency: string;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
}

/** Returns the OpenAPI 3.1 document of the routes, generated from the schemas that validate the requests. */
export function describeApi(
  routes: readonly Route[],
  { passwordGrant, shop }: { passwordGrant: boolean; shop: DocumentedShop },
) {
  const responseOfProblems = problemResponses();
  const schemes = securitySchemes(passwordGrant, shop.publicUrl);
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, schemes, responseOfProblems) };
  const document = {
    openapi: '3.1.0' as const,
    info: {
      title: shop.name,
      version: '1.0.0',
      description: [
        'The API of a coffee shop: its menu, its orders and their events.',
        ...(passwordGrant ? [seededUsers] : []),
        conventions.map((item) => `- ${item}`).join('\n'),
      ].join('\n\n'),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags,
    paths: { ...paths, ...oauthPaths(passwordGrant, responseOfProblems(new Set(['rate_limited']))) },
    webhooks: { event: eventDelivery('receiveEvent') },
    components: { schemas: { CloudEvent: cloudEvent }, securitySchemes: schemes },
  };
  const written = createDocument(document, { override: forClients });
  describeDefaults(written.components?.schemas as Record<string, z.core.JSONSchema.BaseSchema>);
  return inCurrency(written, shop.currency);
}

/**
 * Moves the defaults of fields into their descriptions, because some generators make a field with a default required, and others
 * send the default of the time when they generated the client.
 */
function describeDefaults(components: Record<string, z.core.JSONSchema.BaseSchema>): void {
  for (const field of Object.values(components).flatMap(({ properties = {} }) => Object.values(properties))) {
    if (typeof field === 'boolean' || field.default === undefined) continue;
    const value = field.default === null ? 'null' : [field.default].flat().join(', ');
    const text = `Default: ${value || 'empty'}.`;
    field.description = field.description ? `${field.description.replace(/\.?$/, '.')} ${text}` : text;
    delete field.default;
  }
}

/**
 * Formats whose pattern is left out. Email addresses keep their pattern, because it is stricter than RFC 5321. So does base64,
 * because it is a format that clients do not support.
 */
const FORMATS_WITHOUT_PATTERN = new Set(['uuid', 'date-time']);

/** Rewrites schemas from zod so that client generators support them. */
export const forClients: CreateDocumentOptions['override'] = ({ jsonSchema, zodSchema, io }) => {
  if (jsonSchema.format && FORMATS_WITHOUT_PATTERN.has(jsonSchema.format)) delete jsonSchema.pattern;
  // zod adds the limits of JavaScript's integers, which are not limits of the API.
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // Some generators create a separate type for `anyOf` of an array and null, so the types become a list.
  const [inner, other] = jsonSchema.anyOf ?? [];
  if (other?.type === 'null' && typeof inner?.type === 'string' && !inner.enum) {
    delete jsonSchema.anyOf;
    Object.assign(jsonSchema, { ...inner, ...jsonSchema, type: [inner.type, 'null'] });
  }
  const { def } = zodSchema._zod;
  // The alternatives exclude each other, and some generators support `oneOf` only.
  if (def.type === 'union' && jsonSchema.anyOf && !jsonSchema.anyOf.some(({ type }) => type === 'null')) {
    jsonSchema.oneOf = jsonSchema.anyOf;
    delete jsonSchema.anyOf;
  }
  // Clients must accept unknown fields, so that the API can add fields.
  if (io === 'output' && def.type === 'object' && !def.catchall) delete jsonSchema.additionalProperties;
};

const scopeDescriptions: Record<Scope, string> = {
  'orders:read': 'Read orders',
  'orders:write': 'Place, change and cancel orders',
  'orders:place': 'Place orders at the counter',
  'availability:write': 'Mark products, variations and options as sold out or available',
  'catalog:write': 'Change the catalog',
  'users:write': 'Manage users',
  'events:read': 'Follow all events',
  'webhooks:write': 'Manage webhooks',
};

const describeScopes = (scopes: readonly Scope[]) =>
  Object.fromEntries(scopes.map((scope) => [scope, scopeDescriptions[scope]]));

type SecuritySchemes = Record<string, ZodOpenApiSecuritySchemeObject>;

const SERVICE = 'service';

/** Returns the security schemes, which are the ways to get an access token (RFC 9068), in order of preference. */
function securitySchemes(passwordGrant: boolean, publicUrl: string): SecuritySchemes {
  const tokenUrl = `${publicUrl}/oauth/token`;
  const all = describeScopes(scopesOf('manager'));
  const userFlow = { tokenUrl, refreshUrl: tokenUrl, scopes: all };
  const password: ZodOpenApiSecuritySchemeObject = {
    type: 'oauth2',
    description:
      'For development only: sign in with an email address and a password. Production does not have this grant, as ' +
      'RFC 9700 requires.',
    flows: { password: userFlow },
  };
  return {
    signIn: {
      type: 'oauth2',
      description:
        'Sign in on the shop’s own page (authorization code with PKCE, S256). Without `scope`, the token has every scope ' +
        'that your role allows.',
      flows: { authorizationCode: { authorizationUrl: `${publicUrl}/oauth/authorize`, ...userFlow } },
    },
    ...(passwordGrant && { password }),
    [SERVICE]: {
      type: 'oauth2',
      description: 'For other systems: the client id and secret that `npm run manage -- add-service` printed.',
      flows: { clientCredentials: { tokenUrl, scopes: describeScopes(serviceScopes) } },
    },
  };
}

/** Returns the security schemes of the callers that a route accepts. Each alternative has one scope that suffices. */
function securityOf(access: Access, schemes: SecuritySchemes): Record<string, string[]>[] {
  if (access === 'anyone') return [];
  const { to } = access;
  const people = to.some((type) => type !== 'service');
  const services = to.includes('service');
  const ways = Object.keys(schemes)
    .filter((name) => (name === SERVICE ? services : people))
    .flatMap((name): Record<string, string[]>[] => {
      const sufficient = sufficientScopes(access, name === SERVICE);
      return sufficient.length > 0 ? sufficient.map((scope) => ({ [name]: [scope] })) : [{ [name]: [] }];
    });
  return access.orNobody ? [...ways, {}] : ways;
}

type ProblemResponses = ReturnType<typeof problemResponses>;

function operationOf(
  route: Route,
  schemes: SecuritySchemes,
  problemResponses: ProblemResponses,
): ZodOpenApiOperationObject {
  const { operationId, tag, summary, description, access, params, query, headers, body, responses, callbacks } = route;
  const who = access === 'anyone' ? undefined : `Allowed callers: ${access.to.join(', ')}.`;
  return {
    operationId,
    tags: [tag],
    summary,
    ...((description || who) && { description: [description, who].filter(Boolean).join(' ') }),
    ...(route.deprecated && { deprecated: true }),
    security: securityOf(access, schemes),
    requestParams: {
      ...(params && { path: params as z.ZodObject }),
      ...(query && { query: query as z.ZodObject }),
      ...(headers && { header: capitalizeNames(headers as z.ZodObject) }),
    },
    ...(body && {
      requestBody: {
        required: !body.safeParse(undefined).success,
        // Some generators do not support an object as a default. `required` is enough.
        content: { 'application/json': { schema: body instanceof z.ZodDefault ? (body.unwrap() as z.ZodType) : body } },
      },
    }),
    ...(callbacks && { callbacks }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, response]) => [status, responseOf(response, route.path)]),
      ),
      ...problemResponses(problemsOf(route)),
    },
  };
}

/** Capitalizes the header names. The schemas have them in lower case, like Node. */
function capitalizeNames({ shape }: z.ZodObject): z.ZodObject {
  const capitalize = (name: string) => name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return z.object(Object.fromEntries(Object.entries(shape).map(([name, schema]) => [capitalize(name), schema])));
}

function responseOf(
  { description, body, example, headers = {}, mediaType = 'application/json', links }: Route['responses'][number],
  path: string,
): ZodOpenApiResponseObject {
  return {
    description,
    headers: headersOf(Object.entries(headers), { ...headerExamples, Location: locationOf(body, path) }),
    ...(links && {
      links: Object.fromEntries(
        Object.entries(links).map(([operationId, link]) => [operationId, { operationId, ...link }]),
      ),
    }),
    ...(body && { content: { [mediaType]: { schema: body, ...(example !== undefined && { example }) } } }),
  };
}

const headerExamples: Record<string, string> = {
  ETag: '"1"',
  'Idempotency-Replayed': 'true',
  'WWW-Authenticate': 'Bearer realm="crema"',
  RateLimit: '"user";r=599;t=42',
  'RateLimit-Policy': '"user";q=600;w=60',
  'Retry-After': RETRY_AFTER_S,
  Accept: 'application/json',
};

/** Returns the example of `Location` for a response: the path of the resource in the example of its body. */
function locationOf(body: z.ZodType | undefined, path: string): string {
  const [resource] = (body?.meta()?.examples ?? []) as { id?: string }[];
  return `${path.split('/{')[0]}/${resource?.id}`;
}

const headersOf = (descriptions: [name: string, description: string][], examples = headerExamples) =>
  Object.fromEntries(
    descriptions.map(([name, description]) => {
      const example = examples[name];
      return [name, { description, schema: { type: 'string' as const, ...(example && { examples: [example] }) } }];
    }),
  );

/** Returns all problems of a route: its own, and those of authentication, validation and outages. */
function problemsOf({ access, body, problems = [], path }: Route): Set<ProblemCode> {
  // Each route rejects unknown query parameters and, even if it needs no token, invalid tokens.
  const codes = new Set<ProblemCode>(['invalid_request', 'unauthenticated', ...problems]);
  if (access !== 'anyone') codes.add('forbidden');
  if (body) codes.add('payload_too_large').add('unsupported_media_type');
  if (!path.startsWith('/health')) codes.add('rate_limited').add('unavailable');
  return codes.add('internal');
}

const problemHeaders: Partial<Record<ProblemCode, Record<string, string>>> = {
  unauthenticated: {
    'WWW-Authenticate': 'RFC 6750. Contains `error="invalid_token"` if the request has an invalid token',
  },
  forbidden: { 'WWW-Authenticate': 'RFC 6750. Names the scope that the token lacks. Absent if no scope is missing' },
  unsupported_media_type: { Accept: 'The media type to send' },
  rate_limited: rateLimitHeaders,
  unavailable: { 'Retry-After': 'Seconds to wait before a retry' },
  outcome_unknown: {
    'Retry-After': 'Seconds to wait before a retry',
    'Idempotency-Key': 'The key to retry the request with: the one that you sent, or a generated one',
  },
};

/** Returns a function that makes the error responses of problems, by status. Routes with the same problems share a component. */
function problemResponses() {
  const known = new Map<string, ZodOpenApiResponseObject>();
  return (all: Set<ProblemCode>): Record<string, ZodOpenApiResponseObject> => {
    const byStatus = Map.groupBy(all, (code) => problems[code].status);
    return Object.fromEntries(
      [...byStatus].map(([status, codes]) => {
        const id = codes.sort().map(pascalCase).join('Or');
        const response = known.get(id) ?? problemResponse(id, codes);
        known.set(id, response);
        return [status, response];
      }),
    );
  };
}

function problemResponse(id: string, codes: ProblemCode[]): ZodOpenApiResponseObject {
  return {
    id,
    description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join(' · '),
    headers: headersOf(codes.flatMap((code) => Object.entries(problemHeaders[code] ?? {}))),
    content: {
      'application/problem+json': {
        schema: problem,
        // Swagger UI shows a selection list for `examples`, even for a single entry, so a single one is sent as `example`.
        ...(codes.length === 1
          ? { example: problemExample(codes[0] as ProblemCode).value }
          : { examples: Object.fromEntries(codes.map((code) => [code, problemExample(code)])) }),
      },
    },
  };
}

const pascalCase = (code: string): string =>
  code.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase());
