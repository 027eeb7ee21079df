/** A person's role; a service has scopes instead. */
export type Role = 'customer' | 'manager';

/** Who did something: a person, another system (`service`), someone at Temporal's UI or CLI (`operator`), or Crema itself. */
export interface Actor {
  type: Role | 'service' | 'operator' | 'system';
  id: string;
}

/** Everyone but a customer works for the shop. */
export const isStaff = (actor: Actor): boolean => actor.type !== 'customer';
