import type { Role } from './actor.ts';

const CUSTOMER = ['orders:read', 'orders:write'] as const;
const BARISTA = [...CUSTOMER, 'availability:write'] as const;
const MANAGER = [...BARISTA, 'catalog:write', 'users:write', 'events:read', 'webhooks:write'] as const;

/** `orders:place` is for services only: people place orders with `orders:write`. */
export const allScopes = [...MANAGER, 'orders:place'] as const;

export type Scope = (typeof allScopes)[number];

const SCOPES: Readonly<Record<Role, readonly Scope[]>> = { customer: CUSTOMER, barista: BARISTA, manager: MANAGER };

/** Returns the scopes of a role. A token may have fewer. */
export const scopesOf = (role: Role): readonly Scope[] => SCOPES[role];

/** The scopes that a service client can be granted. Only people may change the catalog and users, so these scopes are omitted. */
export const serviceScopes: readonly Scope[] = [
  'orders:read',
  'orders:write',
  'orders:place',
  'events:read',
  'webhooks:write',
];
