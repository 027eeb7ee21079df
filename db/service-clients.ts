import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Scope } from '../domain/scopes.ts';
import type { Database } from './connection.ts';

/** Another system that calls the API for itself, with a client id and a secret. */
export interface ServiceClient {
  /** The client id. */
  id: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
}

/** Hashes a secret for storage. SHA-256 is enough for 256 random bits; argon2id would slow down every sign-in. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Whether a secret is the one that was hashed. */
export function verifySecret(secretHash: string, secret: string): boolean {
  const given = Buffer.from(hashSecret(secret));
  const kept = Buffer.from(secretHash);
  return given.length === kept.length && timingSafeEqual(given, kept);
}

const SERVICE = { id: 'id', name: 'name', scopes: 'scopes', createdAt: 'created_at' };

/** The services of the shop (design §6). */
export function createServiceClientRepository(database: Database) {
  const services = () => database('services');
  return {
    /** @param id the client id, unverified: anything */
    async find(id: string): Promise<(ServiceClient & { secretHash: string }) | undefined> {
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return undefined;
      return services()
        .where({ id })
        .first({ ...SERVICE, secretHash: 'secret_hash' });
    },

    /** All of them, by name. */
    list: (): Promise<ServiceClient[]> => services().orderBy('name').select(SERVICE),

    /** Adds a service. Its secret is told here and nowhere else; a name that is taken gives `undefined`. */
    async add(name: string, scopes: readonly Scope[]): Promise<{ id: string; secret: string } | undefined> {
      const id = randomUUID();
      const secret = randomBytes(32).toString('base64url');
      const row = { id, name, scopes: [...scopes], secret_hash: hashSecret(secret) };
      const added = await services().insert(row).onConflict().ignore().returning('id');
      return added.length > 0 ? { id, secret } : undefined;
    },

    /** Removes the service of this name, whatever its case. Returns whether there was one. */
    remove: async (name: string): Promise<boolean> =>
      (await services().whereRaw('name_key(name) = name_key(?)', [name]).delete()) > 0,
  };
}

export type ServiceClientRepository = ReturnType<typeof createServiceClientRepository>;
