import { randomUUID } from 'node:crypto';
import type { IdempotencyKey } from '../../domain/order/order.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import type { ExpectedVersions } from '../http/entity-tags.ts';
import { callerOf } from '../http/route.ts';
import { bindKey } from './idempotency.ts';

/** How long a request may wait for Temporal and Postgres, in ms. */
const DEADLINE_MS = 3_000;

/** Returns the deadline of a request that starts now, in ms since the epoch. */
export const requestDeadline = (): number => Date.now() + DEADLINE_MS;

/** The caller and the conditions of a request that places or changes an order. */
export interface RequestContext {
  caller: Caller;
  /** The client's `Idempotency-Key`, or a random key. Responses with `outcome_unknown` contain it, so that clients can retry. */
  idempotencyKey: string;
  key: IdempotencyKey;
  /** Whether the client sent the key, and so may have used it before. */
  keyGiven: boolean;
  ifMatch: ExpectedVersions;
  requestId: string;
  /** When the response is due, in ms since the epoch. If the outcome is unknown by then, the response says so. */
  deadline: number;
  /** `Prefer: respond-async` */
  respondAsync: boolean;
}

interface WriteRequest {
  caller: Caller | undefined;
  requestId: string;
  headers: { 'idempotency-key'?: string; prefer?: string; 'if-match'?: ExpectedVersions };
  body: unknown;
}

/** @param path the concrete path, which the idempotency key is bound to */
export function contextOf(request: WriteRequest, method: 'POST' | 'PATCH', path: string): RequestContext {
  const caller = callerOf(request);
  const { 'idempotency-key': given, 'if-match': ifMatch, prefer } = request.headers;
  const idempotencyKey = given ?? randomUUID();
  return {
    caller,
    idempotencyKey,
    key: bindKey(idempotencyKey, { subject: caller.id, method, path }, request.body),
    keyGiven: given !== undefined,
    ifMatch,
    requestId: request.requestId,
    deadline: requestDeadline(),
    respondAsync: prefersAsync(prefer),
  };
}

/** Returns whether `Prefer` lists `respond-async`. Each preference may have a value and parameters (RFC 7240). */
const prefersAsync = (prefer = ''): boolean =>
  prefer.split(',').some((preference) => preference.split(';')[0]?.trim().toLowerCase() === 'respond-async');
