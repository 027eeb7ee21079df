import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../domain/scopes.ts';
import type { Database } from './connection.ts';
import { hashSecret } from './secret-hash.ts';

/** A system that calls the API on its own behalf, with a client id and a secret. */
export interface ServiceClient {
  /** The client id. */
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
}

/** Whether a secret matches a hash. */
export function verifySecret(secretHash: string, secret: string): boolean {
  const given = Buffer.from(hashSecret(secret));
  const stored = Buffer.from(secretHash);
  return given.length === stored.length && timingSafeEqual(given, stored);
}

const COLUMNS = ['id', 'name', 'scopes', 'created_at as createdAt'];

export function createServiceClientRepository(database: Database) {
  const serviceClients = () => database('services');
  return {
    /** @param id any text, because clients send it */
    async find(id: string): Promise<(ServiceClient & { secretHash: string }) | undefined> {
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return undefined;
      return serviceClients()
        .where({ id })
        .first(...COLUMNS, 'secret_hash as secretHash');
    },

    /** Returns all service clients in the order of their names. */
    list: (): Promise<ServiceClient[]> => serviceClients().orderBy('name').select(COLUMNS),

    /** Adds a service client. Returns its id and its secret, of which only a hash is stored; `undefined` if the name is taken. */
    async add(name: string, scopes: readonly Scope[]): Promise<{ id: string; secret: string } | undefined> {
      const id = randomUUID();
      const secret = randomBytes(32).toString('base64url');
      const row = { id, name, scopes: [...scopes], secret_hash: hashSecret(secret) };
      const added = await serviceClients().insert(row).onConflict().ignore().returning('id');
      return added.length > 0 ? { id, secret } : undefined;
    },

    /** Removes a service client by name, ignoring upper and lower case. Returns whether it existed. */
    remove: async (name: string): Promise<boolean> =>
      (await serviceClients().whereRaw('name_key(name) = name_key(?)', [name]).delete()) > 0,
  };
}

export type ServiceClientRepository = ReturnType<typeof createServiceClientRepository>;
