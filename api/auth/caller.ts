import { LRUCache } from 'lru-cache';
import type { User, UserRepository } from '../../db/users.ts';
import type { Actor, Role } from '../../domain/actor.ts';
import { type Scope, scopesOf } from '../../domain/scopes.ts';

/** A person who is signed in. */
export interface PersonCaller {
  type: Role;
  id: string;
  name: string;
  email: string;
  /** What this request may do: what its token is good for and the person's role still allows. */
  scopes: ReadonlySet<Scope>;
  actor: Actor;
}

/** Who sends a request, told apart by `type`. Other systems (client credentials) will join as `service`. */
export type Caller = PersonCaller;

/** How many people a process remembers. */
const CAPACITY = 10_000;

/**
 * Finds the caller behind a verified token. People are remembered for a while, so a lost role or a deleted user counts
 * at most that much later; requests that come at once ask Postgres once.
 *
 * @param rememberMs for how long, in ms
 * @returns `undefined` when there is no such person (any more)
 */
export function createCallerLookup(users: UserRepository, rememberMs: number) {
  const people = new LRUCache<string, { user: User | undefined }>({
    max: CAPACITY,
    ttl: rememberMs,
    fetchMethod: async (id) => ({ user: await users.find(id) }),
  });
  return async (id: string, tokenScope: string): Promise<Caller | undefined> => {
    const user = (await people.fetch(id))?.user;
    if (!user) return undefined;
    const { role, name, email } = user;
    const granted = tokenScope.split(' ');
    const scopes = new Set(scopesOf(role).filter((scope) => granted.includes(scope)));
    return { type: role, id, name, email, scopes, actor: { type: role, id } };
  };
}

export type CallerLookup = ReturnType<typeof createCallerLookup>;
