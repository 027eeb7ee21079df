import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { Context } from 'koa';
import { z } from 'zod';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { type TokenClaims, tokenClaims, verifyJwt } from './access-token.ts';
import type { KeyRing } from './key-ring.ts';

/** How long a ticket is good for, in ms: a browser uses it at once. */
const LIFETIME_MS = 60_000;

/** Neither an access token nor an ID token is a ticket, nor the other way round. */
const TYP = 'stream-ticket+jwt';

/** Which stream: of one order, or of the whole shop. */
export interface StreamTarget {
  orderId?: string | undefined;
}

/**
 * Tickets to event streams, for browsers: their EventSource sends no header, and an access token in an address would end up
 * in logs and histories. A ticket stands for the access token that it was bought with, for one stream, once, within a minute.
 */
export interface StreamTickets {
  /** @returns the ticket and when it expires, in ms since the epoch */
  issue(token: TokenClaims, stream: StreamTarget): Promise<{ ticket: string; expiresAt: number }>;
  /** Uses a ticket up. @returns the token that it stands for; `undefined` when it is none for this stream (any more) */
  redeem(ticket: string, stream: StreamTarget): Promise<TokenClaims | undefined>;
}

const ticketClaims = z.object({
  token: tokenClaims,
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

  const redeem: StreamTickets['redeem'] = async (ticket, { orderId }) => {
    const found = await verifyJwt(ticket, { keyRing, issuer, audience: forStreams, typ: TYP, claims: ticketClaims });
    if (!found || found.order_id !== orderId) return undefined;
    return (await artifacts.useTicket(found.jti, LIFETIME_MS / 1_000)) ? found.token : undefined;
  };

  return { issue, redeem };
}

/** Where streams are, in any case and with a slash at the end, as the router takes them. */
const STREAM = /^\/v1\/orders\/(?:([^/]+)\/)?events\/?$/i;

/** The stream that a request asks for, if it asks for one. */
export function streamIn({ method, path }: Pick<Context, 'method' | 'path'>): StreamTarget | undefined {
  const match = method === 'GET' ? STREAM.exec(path) : null;
  return match ? { orderId: match[1]?.toLowerCase() } : undefined;
}
