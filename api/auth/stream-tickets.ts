import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { Context } from 'koa';
import { z } from 'zod';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import { type TokenClaims, tokenClaims, verifyJwt } from './access-token.ts';
import type { KeyRing } from './key-ring.ts';

/** How long a ticket is valid, in ms. A minute is enough, because browsers use a ticket at once. */
const LIFETIME_MS = 60_000;

/** The `typ` of tickets. It prevents the use of access tokens and ID tokens as tickets, and of tickets as tokens. */
const TYP = 'stream-ticket+jwt';

/** The stream of one order or, without an id, of the whole shop. */
export interface StreamTarget {
  orderId?: string | undefined;
}

const ticketClaims = z.object({ token: tokenClaims, order_id: z.string().optional(), jti: z.string() });

interface Dependencies {
  issuer: string;
  /** The audience of access tokens. */
  audience: string;
  keyRing: KeyRing;
  artifacts: Pick<OidcArtifactRepository, 'useTicket'>;
}

export type StreamTickets = ReturnType<typeof createStreamTickets>;

/**
 * Issues tickets for event streams. Browsers need them, because an EventSource cannot send a header, and an access token in a
 * URL would get into logs and browser histories. A ticket replaces the access token that it was issued for. It is valid for one
 * stream, for one use, and for one minute.
 */
export function createStreamTickets({ issuer, audience: apiAudience, keyRing, artifacts }: Dependencies) {
  const audience = `${apiAudience}/orders/events`;

  /** Returns a ticket and its expiry, in ms since the epoch. */
  async function issue(token: TokenClaims, { orderId }: StreamTarget): Promise<{ ticket: string; expiresAt: number }> {
    const [jwk] = keyRing.signing;
    const key = await importJWK({ ...jwk }, 'ES256');
    const expiresAt = Math.min(Math.floor((Date.now() + LIFETIME_MS) / 1_000), Math.floor(token.expiresAt / 1_000));
    const ticket = await new SignJWT({ token: { ...token }, ...(orderId && { order_id: orderId }) })
      .setProtectedHeader({ alg: 'ES256', typ: TYP, kid: String(jwk?.kid) })
      .setIssuer(issuer)
      .setAudience(audience)
      .setJti(randomUUID())
      .setExpirationTime(expiresAt)
      .sign(key);
    return { ticket, expiresAt: expiresAt * 1_000 };
  }

  /** Uses up a ticket. Returns the claims of its access token, or `undefined` if the ticket is not valid for this stream. */
  async function redeem(ticket: string, { orderId }: StreamTarget): Promise<TokenClaims | undefined> {
    const found = await verifyJwt(ticket, { keyRing, issuer, audience, typ: TYP, claims: ticketClaims });
    if (!found || found.order_id !== orderId) return undefined;
    return (await artifacts.useTicket(found.jti, LIFETIME_MS / 1_000)) ? found.token : undefined;
  }

  return { issue, redeem };
}

/** The paths of streams. Like the router, the pattern ignores case and a trailing slash. */
const STREAM = /^\/v1\/orders\/(?:([^/]+)\/)?events\/?$/i;

/** Returns the stream that a request is for, or `undefined` for other requests. */
export function streamIn({ method, path }: Pick<Context, 'method' | 'path'>): StreamTarget | undefined {
  const match = method === 'GET' ? STREAM.exec(path) : null;
  return match ? { orderId: match[1]?.toLowerCase() } : undefined;
}
