import { LRUCache } from 'lru-cache';
import type { OidcArtifactRepository } from '../../db/oidc-artifacts.ts';
import type { ServiceClientRepository } from '../../db/service-clients.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Actor, Role } from '../../domain/actor.ts';
import { type Scope, scopesOf } from '../../domain/scopes.ts';
import type { TokenClaims } from './access-token.ts';
import { DISPLAY } from './display.ts';

interface AnyCaller<Type extends Actor['type']> {
  type: Type;
  id: string;
  name: string;
  /** The scopes of the token, except those that the user's role or the service client no longer has. */
  scopes: ReadonlySet<Scope>;
  actor: Actor;
  /** Set if the token is only for routes that need one of its scopes: it gives no access to the user's own account. */
  scopesOnly?: true;
}

interface UserCaller extends AnyCaller<Role> {
  email: string;
}

export type ServiceCaller = AnyCaller<'service'>;

/** The sender of an authenticated request. */
export type Caller = UserCaller | ServiceCaller;

/** How many callers a process caches at most. */
const CACHE_SIZE = 10_000;

interface Dependencies {
  users: Pick<UserRepository, 'find'>;
  serviceClients: Pick<ServiceClientRepository, 'find'>;
  artifacts: Pick<OidcArtifactRepository, 'isAlive'>;
  /** How long a caller is cached, in ms. */
  cacheMs: number;
}

export type CallerLookup = ReturnType<typeof createCallerLookup>;

/**
 * Finds the callers of verified tokens in Postgres and caches them. A lost role, a removed service client or a sign-out takes
 * effect after `cacheMs` at most. Concurrent requests share one query.
 */
export function createCallerLookup({ users, serviceClients, artifacts, cacheMs }: Dependencies) {
  const cache = new LRUCache<string, Promise<Caller | undefined>>({ max: CACHE_SIZE, ttl: cacheMs });
  const listeners: ((id: string) => void)[] = [];

  async function read(claims: TokenClaims): Promise<Caller | undefined> {
    const { sub, clientId, jti, grantId, sessionUid, scope, ownerId } = claims;
    const granted = scope.split(' ');
    const scopesIn = (allowed: readonly Scope[]) => new Set(allowed.filter((each) => granted.includes(each)));
    if (sub === clientId) {
      const [client, alive] = await Promise.all([serviceClients.find(sub), artifacts.isAlive({ jti })]);
      if (!client || !alive) return undefined;
      const actor = { type: 'service', id: sub } as const;
      return { ...actor, name: client.name, scopes: scopesIn(client.scopes), actor };
    }
    if (ownerId !== undefined) {
      const actor = { type: 'customer', id: ownerId } as const;
      return { ...actor, id: sub, name: '', email: '', scopes: scopesIn(['orders:read']), actor };
    }
    if (grantId === undefined) return undefined;
    const [user, alive] = await Promise.all([users.find(sub), artifacts.isAlive({ jti, grantId, sessionUid })]);
    if (!user || !alive) return undefined;
    const { role, name, email } = user;
    const actor = { type: role, id: sub };
    const scopesOnly = clientId === DISPLAY && { scopesOnly: true as const };
    return { ...actor, name, email, scopes: scopesIn(scopesOf(role)), actor, ...scopesOnly };
  }

  return {
    /** Returns the caller. `undefined` if the token was revoked, its grant or session has ended, or the caller does not exist. */
    find(claims: TokenClaims): Promise<Caller | undefined> {
      const { sub, clientId, grantId, sessionUid, jti, scope } = claims;
      const key = [sub, clientId, grantId, sessionUid, jti, scope].join(' ');
      const cached = cache.get(key);
      if (cached) return cached;
      const caller = read(claims);
      cache.set(key, caller);
      // Errors are not cached.
      caller.catch(() => cache.delete(key));
      return caller;
    },
    /**
     * Removes callers from the cache of this process. Other processes cache them until the entries expire.
     *
     * @param id the id of a user, a service client, a grant or a token (`jti`)
     */
    evict(id: string): void {
      for (const key of [...cache.keys()]) if (key.split(' ').includes(id)) cache.delete(key);
      for (const listener of listeners) listener(id);
    },
    onEvict(listener: (id: string) => void): void {
      listeners.push(listener);
    },
  };
}
