import { z } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';

const tokenRequest = z
  .object({
    grant_type: z.enum(['password', 'refresh_token']),
    client_id: z.string().meta({ example: 'crema' }),
    username: z.string().optional().meta({ example: 'customer@example.com' }),
    password: z.string().optional().meta({ example: 'test' }),
    refresh_token: z.string().optional(),
    scope: z.string().optional().meta({ description: 'Fewer scopes than you may have' }),
  })
  .meta({ id: 'TokenRequest' });

const token = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.int().meta({ description: 'Seconds', example: 600 }),
    refresh_token: z.string().optional(),
    scope: z.string().optional(),
  })
  .meta({ id: 'Token' });

const oauthError = z.object({ error: z.string(), error_description: z.string().optional() }).meta({ id: 'OAuthError' });

/** The one route of the OAuth2 server that clients of the API need; it checks its requests itself (RFC 6749). */
export const tokenPaths: ZodOpenApiPathsObject = {
  '/oauth/token': {
    post: {
      operationId: 'getToken',
      tags: ['Access'],
      summary: 'Trade a password (development only) or a refresh token for an access token',
      security: [],
      requestBody: { required: true, content: { 'application/x-www-form-urlencoded': { schema: tokenRequest } } },
      responses: {
        200: { description: 'An access token', content: { 'application/json': { schema: token } } },
        400: { description: 'RFC 6749 §5.2', content: { 'application/json': { schema: oauthError } } },
        401: { description: 'The client is not known', content: { 'application/json': { schema: oauthError } } },
        503: { description: 'Try again', content: { 'application/json': { schema: oauthError } } },
      },
    },
  },
};
