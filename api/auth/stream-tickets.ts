import { randomUUID } from 'node:crypto';
import { importJWK, jwtVerify, SignJWT } from 'jose';
import type { Context } from 'koa';
import { z } from 'zod';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { isOutage } from '../../db/outage.ts';
import type { TokenClaims } from './caller.ts';
import type { KeyRing } from './key-ring.ts';

/** How long a ticket is good for, in ms: a browser uses it at once. */
const LIFETIME_MS = 60_000;

/** Neither an access token nor an ID token is a ticket, nor the other way round. */
const TYP = 'stream-ticket+jwt';

/** Which stream: of one order, or of the whole shop. */
export interface Stream {
  orderId?: string | undefined;
}

/**
 * Tickets to event streams, for browsers: their EventSource sends no header, and an access token in an address would end up
 * in logs and histories. A ticket stands for the access token that it was bought with, for one stream, once, within a minute.
 */
export interface StreamTickets {
  /** @returns the ticket and when it expires, in ms since the epoch */
  issue(token: TokenClaims, stream: Stream): Promise<{ ticket: string; expiresAt: number }>;
  /** Uses a ticket up. @returns the token that it stands for; `undefined` when it is none for this stream (any more) */
  redeem(ticket: string, stream: Stream): Promise<TokenClaims | undefined>;
}

const claims = z.object({
  token: z.object({
    sub: z.string(),
    clientId: z.string(),
    jti: z.string(),
    grantId: z.string().optional(),
    sessionUid: z.string().optional(),
    scope: z.string(),
    expiresAt: z.number(),
  }),
  order_id: z.string().optional(),
  jti: z.string(),
});

interface Options {
  issuer: string;
  /** Of access tokens. */
  audience: string;
  keyRing: KeyRing;
  artifacts: Pick<OidcArtifactRepository, 'useTicket'>;
}

export function createStreamTickets({ issuer, audience, keyRing, artifacts }: Options): StreamTickets {
  const forStreams = `${audience}/orders/events`;

  const issue: StreamTickets['issue'] = async (token, { orderId }) => {
    const [jwk] = keyRing.signing;
    const key = await importJWK({ ...jwk }, 'ES256');
    const expiresAt = Math.min(Math.floor((Date.now() + LIFETIME_MS) / 1_000), Math.floor(token.expiresAt / 1_000));
    const ticket = await new SignJWT({ token: { ...token }, ...(orderId && { order_id: orderId }) })
      .setProtectedHeader({ alg: 'ES256', typ: TYP, kid: String(jwk?.kid) })
      .setIssuer(issuer)
      .setAudience(forStreams)
      .setJti(randomUUID())
      .setExpirationTime(expiresAt)
      .sign(key);
    return { ticket, expiresAt: expiresAt * 1_000 };
  };

  async function verified(ticket: string) {
    const key = async ({ kid }: { kid?: string | undefined }) => {
      const found = await keyRing.verifying(kid);
      if (!found) throw new Error('unknown key');
      return found;
    };
    try {
      const options = { issuer, audience: forStreams, typ: TYP, algorithms: ['ES256'], requiredClaims: ['exp'] };
      return claims.parse((await jwtVerify(ticket, key, options)).payload);
    } catch (error) {
      if (isOutage(error)) throw error;
      return undefined;
    }
  }

  const redeem: StreamTickets['redeem'] = async (ticket, { orderId }) => {
    const found = await verified(ticket);
    if (!found || found.order_id !== orderId) return undefined;
    if (!(await artifacts.useTicket(found.jti, LIFETIME_MS / 1_000))) return undefined;
    const { grantId, sessionUid, ...token } = found.token;
    return { ...token, grantId, sessionUid };
  };

  return { issue, redeem };
}

/** Where streams are, in any case and with a slash at the end, as the router takes them. */
const STREAM = /^\/v1\/orders\/(?:([^/]+)\/)?events\/?$/i;

/** The stream that a request asks for, if it asks for one. */
export function streamIn({ method, path }: Pick<Context, 'method' | 'path'>): Stream | undefined {
  const match = method === 'GET' ? STREAM.exec(path) : null;
  return match ? { orderId: match[1]?.toLowerCase() } : undefined;
}
