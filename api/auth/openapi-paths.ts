import { z } from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { rateLimitHeaders } from '../http/problem-schemas.ts';

const clientId = z
  .string()
  .min(1)
  .meta({ description: '`crema`, the public client without a secret, or the id of a service', examples: ['crema'] });
const clientSecret = z.string().optional().meta({
  description: 'The secret of a service. It can be sent with the id in an `Authorization: Basic …` header instead',
});
const refreshToken = z.string().meta({
  description:
    'Valid for one use: the response contains its successor. Reusing it, even concurrently, revokes all tokens of the ' +
    'same sign-in',
});
const scope = z
  .string()
  .meta({ description: 'The requested scopes, separated by spaces. Without it, all allowed scopes' });

const tokenRequest = (passwordGrant: boolean) =>
  z
    .object({
      // Unnamed: the Rust client of openapi-generator does not compile with a named enum in a form.
      grant_type: z.enum([
        'authorization_code',
        ...(passwordGrant ? (['password'] as const) : []),
        'refresh_token',
        'client_credentials',
      ]),
      client_id: clientId.optional(),
      client_secret: clientSecret,
      code: z.string().optional().meta({ description: 'Valid for one use, within one minute' }),
      redirect_uri: z.string().optional().meta({ description: 'The URI that the code was sent to' }),
      code_verifier: z.string().optional().meta({ description: 'The PKCE code verifier (RFC 7636)' }),
      ...(passwordGrant && {
        username: z
          .string()
          .optional()
          .meta({ description: 'The email address of the user', examples: ['customer@example.com'] }),
        password: z
          .string()
          .optional()
          .meta({ examples: ['test'] }),
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
    summary: 'Exchange the code of the sign-in page',
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
      client_secret: 'the-one-that-was-shown-once',
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
      .meta({ description: 'The OpenID Connect ID token. Present if the scope `openid` was requested' }),
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

const errorResponse = (description: string, error: string, error_description: string): ZodOpenApiResponseObject => ({
  description,
  content: { 'application/json': { schema: oauthError, example: { error, error_description } } },
});

const formErrors = {
  400: errorResponse(
    'The request is invalid, or the password, the code or the refresh token is',
    'invalid_grant',
    'The email address or the password is wrong.',
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
      'Too many passwords were wrong. Try again in 15 minutes, or from where you have signed in before.',
    ),
    headers: Object.fromEntries(
      Object.entries(rateLimitHeaders).map(([name, description]) => [
        name,
        { description, schema: { type: 'string' as const } },
      ]),
    ),
  },
  500: errorResponse('Internal server error', 'server_error', 'Something went wrong.'),
  503: {
    ...errorResponse(
      'Temporarily unavailable',
      'temporarily_unavailable',
      'The service is unavailable for the moment; try again.',
    ),
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

const discover = (operationId: string, summary: string, refusals: Refusals): ZodOpenApiOperationObject => ({
  operationId,
  tags: ['Access'],
  summary,
  security: [],
  responses: {
    200: {
      description: 'The configuration',
      content: {
        'application/json': {
          schema: discovery,
          example: {
            issuer: 'http://localhost:5000',
            authorization_endpoint: 'http://localhost:5000/oauth/authorize',
            token_endpoint: 'http://localhost:5000/oauth/token',
            jwks_uri: 'http://localhost:5000/.well-known/jwks.json',
          },
        },
      },
    },
    ...refusals,
  },
});

type Refusals = Record<string, ZodOpenApiResponseObject>;

/**
 * Returns the OpenAPI paths of the OAuth2 server, which validates its own requests and sends errors as in RFC 6749.
 *
 * @param passwordGrant whether the password grant is enabled
 * @param refusals the error responses of the public documents, by status
 */
export function oauthPaths(passwordGrant: boolean, refusals: Refusals): ZodOpenApiPathsObject {
  const { password, ...others } = requestExamples;
  return {
    '/oauth/token': {
      post: {
        operationId: 'getToken',
        tags: ['Access'],
        summary: 'Get an access token',
        security: [],
        requestBody: form(tokenRequest(passwordGrant), passwordGrant ? requestExamples : others),
        responses: {
          200: { description: 'An access token', content: { 'application/json': { schema: token } } },
          ...formErrors,
        },
      },
    },
    '/oauth/revoke': {
      post: {
        operationId: 'revokeToken',
        tags: ['Access'],
        summary: 'Revoke a token',
        description:
          'Revoking a refresh token revokes all tokens of the same sign-in. The revocation takes effect within 30 s.',
        security: [],
        requestBody: form(revocation, {
          refresh_token: { value: { client_id: 'crema', token: requestExamples.refresh_token.value.refresh_token } },
        }),
        responses: { 200: { description: 'The token is invalid now, or was invalid already' }, ...formErrors },
      },
    },
    '/.well-known/jwks.json': {
      get: {
        operationId: 'getKeys',
        tags: ['Access'],
        summary: 'Get the public keys of access tokens',
        security: [],
        responses: {
          200: {
            description: 'A JSON Web Key Set',
            content: {
              'application/jwk-set+json': {
                schema: keySet,
                example: {
                  keys: [
                    {
                      kty: 'EC',
                      crv: 'P-256',
                      use: 'sig',
                      alg: 'ES256',
                      kid: '4NXZl6Ud',
                      x: 'f83OJ3D2',
                      y: 'x_FEzRu9',
                    },
                  ],
                },
              },
            },
          },
          ...refusals,
        },
      },
    },
    '/.well-known/openid-configuration': {
      get: discover('getOpenIdConfiguration', 'Get the OpenID Connect configuration', refusals),
    },
    '/.well-known/oauth-authorization-server': {
      get: discover('getOAuthConfiguration', 'Get the OAuth 2.0 configuration', refusals),
    },
  };
}
