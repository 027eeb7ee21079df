import { LRUCache } from 'lru-cache';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { ServiceClientRepository } from '../../db/service-clients.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Actor, Role } from '../../domain/actor.ts';
import { type Scope, scopesOf } from '../../domain/scopes.ts';
import type { TokenClaims } from './access-token.ts';

interface AnyCaller<Type extends Actor['type']> {
  type: Type;
  id: string;
  name: string;
  /** What this request may do: what its token is good for and the role, or the grant to the service, still allows. */
  scopes: ReadonlySet<Scope>;
  actor: Actor;
}

/** A person who is signed in. */
interface UserCaller extends AnyCaller<Role> {
  email: string;
}

/** Another system, with client credentials. */
export type ServiceCaller = AnyCaller<'service'>;

/** Who sends a request, told apart by `type`. */
export type Caller = UserCaller | ServiceCaller;

/** How many tokens a process remembers. */
const CAPACITY = 10_000;

export interface CallerLookupOptions {
  users: Pick<UserRepository, 'find'>;
  services: Pick<ServiceClientRepository, 'find'>;
  artifacts: Pick<OidcArtifactRepository, 'isAlive'>;
  /** For how long a process believes what Postgres has said, in ms. */
  cacheMs: number;
}

/** Finds the caller behind a verified token, and forgets what it knows when told so. */
export interface CallerLookup {
  /** @returns `undefined` when the token was given back, what it came from has ended, or there is no such caller (any more) */
  find(claims: TokenClaims): Promise<Caller | undefined>;
  /**
   * Has Postgres asked again at once, in this process; others learn when their memory ends.
   *
   * @param id of a person, a service, a grant, or a token (`jti`)
   */
  evict(id: string): void;
  /** Has somebody told of every id that this process is to evict, after it has. */
  onEvict(listener: (id: string) => void): void;
}

/**
 * What Postgres says of a token is remembered for a while, so a lost role, a removed service or a logout counts at most
 * that much later; requests that come at once ask once.
 */
export function createCallerLookup({ users, services, artifacts, cacheMs }: CallerLookupOptions): CallerLookup {
  const remembered = new LRUCache<string, Promise<Caller | undefined>>({ max: CAPACITY, ttl: cacheMs });
  const listeners: ((id: string) => void)[] = [];

  const ask = async ({ sub, clientId, jti, grantId, sessionUid, scope }: TokenClaims): Promise<Caller | undefined> => {
    const granted = scope.split(' ');
    const scopesIn = (allowed: readonly Scope[]) => new Set(allowed.filter((each) => granted.includes(each)));
    if (sub === clientId) {
      const [service, alive] = await Promise.all([services.find(sub), artifacts.isAlive({ jti })]);
      if (!service || !alive) return undefined;
      const actor = { type: 'service', id: sub } as const;
      return { ...actor, name: service.name, scopes: scopesIn(service.scopes), actor };
    }
    if (grantId === undefined) return undefined;
    const [user, alive] = await Promise.all([users.find(sub), artifacts.isAlive({ jti, grantId, sessionUid })]);
    if (!user || !alive) return undefined;
    const { role, name, email } = user;
    const actor = { type: role, id: sub };
    return { ...actor, name, email, scopes: scopesIn(scopesOf(role)), actor };
  };

  const find = (claims: TokenClaims): Promise<Caller | undefined> => {
    const { sub, clientId, grantId, sessionUid, jti, scope } = claims;
    const key = [sub, clientId, grantId, sessionUid, jti, scope].join(' ');
    const before = remembered.get(key);
    if (before) return before;
    const asked = ask(claims);
    remembered.set(key, asked);
    // An outage is nothing to remember.
    asked.catch(() => remembered.delete(key));
    return asked;
  };

  return {
    find,
    evict(id) {
      for (const key of [...remembered.keys()]) if (key.split(' ').includes(id)) remembered.delete(key);
      for (const listener of listeners) listener(id);
    },
    onEvict(listener) {
      listeners.push(listener);
    },
  };
}
