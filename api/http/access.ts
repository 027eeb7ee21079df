import type { Actor } from '../../domain/actor.ts';
import type { Scope } from '../../domain/scopes.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import { Problem } from './problem.ts';

/** A scope, or several scopes of which one suffices. */
type Sufficient = Scope | readonly Scope[];

/** The callers that a route accepts: anyone, or callers of these types whose token has a sufficient scope. */
export type Access =
  | 'anyone'
  | {
      to: readonly Actor['type'][];
      scope?: Sufficient;
      /** The scope that services need. Default: `scope`. */
      serviceScope?: Sufficient;
      /** Whether the route also accepts unauthenticated requests, and checks itself which ones. Default: false. */
      orNobody?: true;
    };

/** Returns whether a route accepts a caller. */
export const isAllowed = (access: Access, caller: Caller): boolean => problemOf(access, caller) === undefined;

/** @throws {Problem} `unauthenticated` or `forbidden` if the route does not accept the caller */
export function checkAccess(access: Access, caller: Caller | undefined): void {
  const problem = problemOf(access, caller);
  if (problem) throw problem;
}

/** Returns the scopes of which a token needs one; empty if it needs no scope. */
export const sufficientScopes = (
  { scope = [], serviceScope = scope }: Exclude<Access, 'anyone'>,
  isService: boolean,
): Scope[] => [isService ? serviceScope : scope].flat();

/** Returns the 403 for a token without any of these scopes, with the challenge of RFC 6750 §3. */
export function insufficientScope(sufficient: readonly Scope[], reason = ''): Problem {
  const lacks = `The access token lacks the scope ${sufficient.join(' or ')}.`;
  return new Problem('forbidden', {
    detail: [lacks, reason].filter(Boolean).join(' '),
    headers: {
      'www-authenticate': `Bearer realm="crema", error="insufficient_scope", scope="${sufficient.join(' ')}"`,
    },
  });
}

/** Returns a 401 or 403 with the challenges of RFC 6750 §3; undefined if the route accepts the caller. */
function problemOf(access: Access, caller: Caller | undefined): Problem | undefined {
  if (access === 'anyone' || (!caller && access.orNobody)) return undefined;
  if (!caller) {
    return new Problem('unauthenticated', {
      detail: 'Send an access token: Authorization: Bearer <token>.',
      headers: { 'www-authenticate': 'Bearer realm="crema"' },
    });
  }
  const { to } = access;
  if (!to.includes(caller.type)) {
    return new Problem('forbidden', { detail: `Only callers of these types may do this: ${to.join(', ')}.` });
  }
  const sufficient = sufficientScopes(access, caller.type === 'service');
  if (sufficient.length === 0 && caller.scopesOnly) {
    return new Problem('forbidden', { detail: 'A display’s access token is for reading orders only.' });
  }
  if (sufficient.length === 0 || sufficient.some((scope) => caller.scopes.has(scope))) return undefined;
  return insufficientScope(sufficient);
}
