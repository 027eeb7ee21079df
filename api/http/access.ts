import type { Actor } from '../../domain/actor.ts';
import type { Scope } from '../../domain/scopes.ts';
import { credentialsRequired } from '../auth/authenticate.ts';
import type { Caller } from '../auth/caller.ts';
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
export function isAllowed(access: Access, caller: Caller): boolean {
  if (access === 'anyone') return true;
  const scope = scopeFor(access, caller);
  return access.to.includes(caller.type) && (!scope || caller.scopes.has(scope));
}

const scopeFor = ({ scope, serviceScope = scope }: Exclude<Access, 'anyone'>, { type }: Pick<Caller, 'type'>) =>
  type === 'service' ? serviceScope : scope;

/** @throws {Problem} `unauthenticated` or `forbidden` if the route does not accept the caller */
export function checkAccess(access: Access, caller: Caller | undefined): void {
  if (access === 'anyone') return;
  if (!caller) throw credentialsRequired();
  if (isAllowed(access, caller)) return;
  if (!access.to.includes(caller.actor.type)) {
    throw new Problem('forbidden', { detail: `Only callers of these types may do this: ${access.to.join(', ')}.` });
  }
  const scope = scopeFor(access, caller);
  const challenge = `Bearer realm="crema", error="insufficient_scope", scope="${scope}"`;
  const detail = `The access token lacks the scope ${scope}.`;
  throw new Problem('forbidden', { detail, headers: { 'www-authenticate': challenge } });
}
