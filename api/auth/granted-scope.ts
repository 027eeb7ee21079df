import { errors } from 'oidc-provider';
import type { Scope } from '../../domain/scopes.ts';

/**
 * All that may be granted, or what of it was asked for (RFC 6749 §3.3).
 *
 * @param requested the parameter `scope` of a token request
 * @throws `invalid_scope` when nothing is left
 */
export function grantedScope(may: readonly Scope[], requested: string | undefined): string {
  const asked = requested?.split(' ');
  const granted = may.filter((scope) => asked?.includes(scope) ?? true);
  if (granted.length === 0) {
    throw new errors.InvalidScope('none of the scopes asked for can be granted', requested ?? '');
  }
  return granted.join(' ');
}
