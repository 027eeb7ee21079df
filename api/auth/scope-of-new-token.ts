import { errors } from 'oidc-provider';
import type { Scope } from '../../domain/scopes.ts';

/**
 * Returns the scope of a new access token: the requested scopes that are allowed, or all allowed ones if the request names none
 * (RFC 6749 §3.3).
 *
 * @throws `invalid_scope` if no scope is left
 */
export function grantedScope(allowed: readonly Scope[], requested: string | undefined): string {
  const names = requested?.split(' ');
  const granted = allowed.filter((scope) => names?.includes(scope) ?? true);
  if (granted.length === 0) throw new errors.InvalidScope('the requested scopes are not allowed', requested ?? '');
  return granted.join(' ');
}
