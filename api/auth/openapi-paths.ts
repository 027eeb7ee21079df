import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { wordsIn } from '../../languages/index.ts';
import { rateLimitHeaders } from '../http/problem-schemas.ts';
import { SERVER_ERROR, UNAVAILABLE } from './endpoints.ts';

const clientId = z
  .string()
  .min(1)
  .meta({
    description:
      '`crema`, the public client, which has no secret; `crema-display`, its variant for screens, whose tokens only read ' +
      'orders; or the id of a service',
    examples: ['crema'],
  });
const clientSecret = z.string().optional().meta({
  description: 'The secret of a service. Alternatively, send id and secret as `Authorization: Basic …`',
});
const refreshToken = z.string().meta({
  description:
    'Valid for one use: the response contains the next one. A second use, even a concurrent one, revokes all tokens of ' +
    'the same sign-in',
});
const scope = z.string().meta({
  description: 'The requested scopes, separated by spaces. If it is omitted, the token has all allowed scopes',
});

const tokenRequest = (passwordGrant: boolean) =>
  z
    .object({
      // The enum has no component name, because with a name, the Rust client of openapi-generator does not compile.
      grant_type: z.enum([
        'authorization_code',
        ...(passwordGrant ? (['password'] as const) : []),
        'refresh_token',
        'client_credentials',
      ]),
      client_id: clientId.optional(),
      client_secret: clientSecret,
      code: z.string().optional().meta({ description: 'The authorization code. Valid for one use, within one minute' }),
      redirect_uri: z.string().optional().meta({ description: 'The `redirect_uri` of the authorization request' }),
      code_verifier: z.string().optional().meta({ description: 'The PKCE code verifier (RFC 7636)' }),
      ...(passwordGrant && {
        username: z.string().optional().meta({ description: 'The email address of the user' }),
        password: z.string().optional(),
      }),
      refresh_token: refreshToken.optional(),
      scope: scope.optional(),
    })
    .meta({ id: 'TokenRequest' });

const revocation = z
  .object({
    client_id: clientId.optional(),
    client_secret: clientSecret,
    token: z.string().min(1).meta({ description: 'A refresh token or an access token' }),
  })
  .meta({ id: 'TokenRevocation' });

const requestExamples = {
  password: {
    summary: 'Sign in (development only)',
    value: { grant_type: 'password', client_id: 'crema', username: 'customer@example.com', password: 'test' },
  },
  authorization_code: {
    summary: 'Exchange the authorization code',
    value: {
      grant_type: 'authorization_code',
      client_id: 'crema',
      code: 'Kx3W2UyUnTtyYX0vT4dDDq7LxJvQn3hB1aN5eR8uI0c',
      redirect_uri: 'http://localhost:5000/docs/oauth2-redirect',
      code_verifier: 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk',
    },
  },
  refresh_token: {
    summary: 'Refresh an access token',
    value: {
      grant_type: 'refresh_token',
      client_id: 'crema',
      refresh_token: 'dv0ZiWB7rQTjk_pgFG_aejUqb0mTOU3MwfKccFmEuKu',
    },
  },
  client_credentials: {
    summary: 'Authenticate as a service',
    value: {
      grant_type: 'client_credentials',
      client_id: '0193a7e2-6f0c-7c4b-9d58-2b1f4c6e8a10',
      client_secret: 'the-secret-of-the-service',
      scope: 'orders:read',
    },
  },
};

const token = z
  .object({
    access_token: z.string().meta({ description: 'The access token. Send it as `Authorization: Bearer …`' }),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'The lifetime of the access token, in seconds' }),
    refresh_token: refreshToken.optional(),
    id_token: z
      .string()
      .optional()
      .meta({ description: 'The OpenID Connect ID token. Present if you requested the scope `openid`' }),
    scope: z.string().optional().meta({ description: 'The scopes of the access token, separated by spaces' }),
  })
  .meta({
    id: 'Token',
    examples: [
      {
        access_token: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwYzBmZmVlMCJ9.c2lnbmF0dXJl',
        token_type: 'Bearer',
        expires_in: 600,
        refresh_token: 'dv0ZiWB7rQTjk_pgFG_aejUqb0mTOU3MwfKccFmEuKu',
        scope: 'orders:read orders:write',
      },
    ],
  });

const oauthError = z
  .object({ error: z.string(), error_description: z.string().optional() })
  .meta({ id: 'OAuthError', description: 'An error of the authorization server (RFC 6749 §5.2)' });

const responseOf = (
  description: string,
  schema: z.ZodType,
  example?: object,
  mediaType = 'application/json',
): ZodOpenApiResponseObject => ({ description, content: { [mediaType]: { schema, ...(example && { example }) } } });

const errorResponse = (description: string, error: string, error_description: string) =>
  responseOf(description, oauthError, { error, error_description });

const { signIn } = wordsIn('en').pages;

const formErrors = {
  400: errorResponse(
    'The request is invalid, or it contains an incorrect password, code or refresh token',
    'invalid_grant',
    signIn.wrong,
  ),
  401: errorResponse(
    'The client is unknown, or its secret is incorrect',
    'invalid_client',
    'client authentication failed',
  ),
  429: {
    ...errorResponse(
      'Too many requests, or too many incorrect passwords',
      'temporarily_unavailable',
      signIn.tooManyAttempts(15),
    ),
    headers: Object.fromEntries(
      Object.entries(rateLimitHeaders).map(([name, description]) => [
        name,
        { description, schema: { type: 'string' as const } },
      ]),
    ),
  },
  500: errorResponse('Internal server error', ...SERVER_ERROR),
  503: {
    ...errorResponse('Temporarily unavailable', ...UNAVAILABLE),
    headers: { 'Retry-After': { description: 'Seconds to wait before a retry', schema: { type: 'integer' as const } } },
  },
};

const form = (schema: z.ZodObject, examples: Record<string, { summary?: string; value: unknown }>) => ({
  required: true,
  content: { 'application/x-www-form-urlencoded': { schema, examples } },
});

const publicKey = z.looseObject({ kty: z.string(), kid: z.string() }).meta({ id: 'PublicKey' });

const keySet = z
  .object({ keys: z.array(publicKey) })
  .meta({ id: 'KeySet', description: 'The public keys of access tokens (RFC 7517)' });

const discovery = z
  .looseObject({
    issuer: z.string(),
    authorization_endpoint: z.string(),
    token_endpoint: z.string(),
    jwks_uri: z.string(),
  })
  .meta({ id: 'Discovery', description: 'The endpoints and capabilities of the authorization server (RFC 8414)' });

const configuration = responseOf('The configuration', discovery, {
  issuer: 'http://localhost:5000',
  authorization_endpoint: 'http://localhost:5000/oauth/authorize',
  token_endpoint: 'http://localhost:5000/oauth/token',
  jwks_uri: 'http://localhost:5000/.well-known/jwks.json',
});

const keys = responseOf(
  'A JSON Web Key Set',
  keySet,
  { keys: [{ kty: 'EC', crv: 'P-256', use: 'sig', alg: 'ES256', kid: '4NXZl6Ud', x: 'f83OJ3D2', y: 'x_FEzRu9' }] },
  'application/jwk-set+json',
);

const operation = ({ operationId, summary, ...rest }: ZodOpenApiOperationObject): ZodOpenApiOperationObject => ({
  operationId,
  tags: ['Access'],
  summary,
  security: [],
  ...rest,
});

/**
 * Returns the OpenAPI paths of the OAuth2 server. No routes define them, because the server validates its own requests and
 * sends errors as in RFC 6749.
 *
 * @param passwordGrant whether the password grant is enabled
 * @param refusals the error responses of the public documents, by status
 */
export function oauthPaths(
  passwordGrant: boolean,
  refusals: Record<string, ZodOpenApiResponseObject>,
): ZodOpenApiPathsObject {
  const { password, ...others } = requestExamples;
  const publicDocument = (operationId: string, summary: string, document: ZodOpenApiResponseObject) => ({
    get: operation({ operationId, summary, responses: { 200: document, ...refusals } }),
  });
  return {
    '/oauth/token': {
      post: operation({
        operationId: 'getToken',
        summary: 'Get an access token',
        requestBody: form(tokenRequest(passwordGrant), passwordGrant ? requestExamples : others),
        responses: { 200: responseOf('An access token', token), ...formErrors },
      }),
    },
    '/oauth/revoke': {
      post: operation({
        operationId: 'revokeToken',
        summary: 'Revoke a token',
        description:
          'Revoking a refresh token revokes all tokens of the same sign-in. The revocation takes effect within 30 seconds.',
        requestBody: form(revocation, {
          refresh_token: { value: { client_id: 'crema', token: requestExamples.refresh_token.value.refresh_token } },
        }),
        responses: { 200: { description: 'The token is revoked, or was already invalid' }, ...formErrors },
      }),
    },
    '/.well-known/jwks.json': publicDocument('getKeys', 'Get the public keys of access tokens', keys),
    '/.well-known/openid-configuration': publicDocument(
      'getOpenIdConfiguration',
      'Get the OpenID Connect configuration',
      configuration,
    ),
    '/.well-known/oauth-authorization-server': publicDocument(
      'getOAuthConfiguration',
      'Get the OAuth 2.0 configuration',
      configuration,
    ),
  };
}
