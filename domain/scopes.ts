import type { Role } from './actor.ts';

const CUSTOMER = ['orders:read', 'orders:write'] as const;
const MANAGER = [...CUSTOMER, 'catalog:write', 'users:write', 'events:read', 'webhooks:write'] as const;

/** One thing a token may be good for. */
export type Scope = (typeof MANAGER)[number];

const SCOPES: Readonly<Record<Role, readonly Scope[]>> = { customer: CUSTOMER, manager: MANAGER };

/** Everything a role may do (design §6). A token's own scopes only narrow it. */
export const scopesOf = (role: Role): readonly Scope[] => SCOPES[role];

/** Everything a service can be granted: the menu and the people are for people to change. */
export const serviceScopes: readonly Scope[] = ['orders:read', 'orders:write', 'events:read', 'webhooks:write'];
