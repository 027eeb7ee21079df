import type { Caller } from '../auth/caller-lookup.ts';
import type { Access } from '../http/access.ts';
import { insufficientScope } from '../http/access.ts';

/** The access to routes that change an item. With `availability:write` alone, only {@link FIELDS} may change. */
export const changingItems: Access = { to: ['barista', 'manager'], scope: ['catalog:write', 'availability:write'] };

/** The description of these routes. */
export const AVAILABILITY =
  'With the scope `availability:write` alone, a caller can only change `available` and `availableAgainAt`.';

const FIELDS = ['available', 'availableAgainAt'];

/** Checks that the token has the scope for each changed field. @throws {Problem} `forbidden` */
export function checkFields({ scopes }: Caller, change: object): void {
  if (scopes.has('catalog:write') || Object.keys(change).every((field) => FIELDS.includes(field))) return;
  throw insufficientScope(['catalog:write'], `Without it, only these fields may change: ${FIELDS.join(', ')}.`);
}
