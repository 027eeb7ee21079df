import type { Role } from './actor.ts';

const CUSTOMER = ['orders:read', 'orders:write'] as const;
const MANAGER = [...CUSTOMER, 'catalog:write', 'users:write', 'events:read', 'webhooks:write'] as const;

export type Scope = (typeof MANAGER)[number];

const SCOPES: Readonly<Record<Role, readonly Scope[]>> = { customer: CUSTOMER, manager: MANAGER };

/** Returns the scopes of a role. A token may have fewer. */
export const scopesOf = (role: Role): readonly Scope[] => SCOPES[role];

/** The scopes that a service client can be granted. Only people may change the catalog and users, so these scopes are omitted. */
export const serviceScopes: readonly Scope[] = ['orders:read', 'orders:write', 'events:read', 'webhooks:write'];
