export const roles = ['customer', 'barista', 'manager'] as const;

/** A person's role. A service client has scopes instead. */
export type Role = (typeof roles)[number];

export const actorTypes = [...roles, 'service', 'operator', 'system'] as const;

/** The author of a change: a person, a `service` client, an `operator` in Temporal's UI or CLI, or Crema itself (`system`). */
export interface Actor {
  type: (typeof actorTypes)[number];
  id: string;
}

/** Whether the actor acts for the shop. Every actor except a customer does. */
export const isStaff = (actor: Actor): boolean => actor.type !== 'customer';
