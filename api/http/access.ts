import type { Actor } from '../../domain/actor.ts';
import type { Scope } from '../../domain/scopes.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import { Problem } from './problem.ts';

/** The callers that a route accepts: anyone, or callers of these types whose token has the scope. */
export type Access =
  | 'anyone'
  | {
      to: readonly Actor['type'][];
      scope?: Scope;
      /** The scope that services need. Default: `scope`. */
      serviceScope?: Scope;
    };

/** Returns whether a route accepts a caller. */
export const isAllowed = (access: Access, caller: Caller): boolean => problemOf(access, caller) === undefined;

/** @throws {Problem} `unauthenticated` or `forbidden` if the route does not accept the caller */
export function checkAccess(access: Access, caller: Caller | undefined): void {
  const problem = problemOf(access, caller);
  if (problem) throw problem;
}

/** Returns a 401 or 403 with the challenges of RFC 6750 §3; undefined if the route accepts the caller. */
function problemOf(access: Access, caller: Caller | undefined): Problem | undefined {
  if (access === 'anyone') return undefined;
  if (!caller) {
    return new Problem('unauthenticated', {
      detail: 'Send an access token: Authorization: Bearer <token>.',
      headers: { 'www-authenticate': 'Bearer realm="crema"' },
    });
  }
  const { to, scope, serviceScope = scope } = access;
  if (!to.includes(caller.type)) {
    return new Problem('forbidden', { detail: `Only callers of these types may do this: ${to.join(', ')}.` });
  }
  const needed = caller.type === 'service' ? serviceScope : scope;
  if (!needed || caller.scopes.has(needed)) return undefined;
  return new Problem('forbidden', {
    detail: `The access token lacks the scope ${needed}.`,
    headers: { 'www-authenticate': `Bearer realm="crema", error="insufficient_scope", scope="${needed}"` },
  });
}
