import type { Database } from './connection.ts';

/** A key that signs tokens, as a private JWK (RFC 7517). */
export interface SigningKey {
  kid: string;
  privateJwk: Record<string, unknown>;
}

/** The keys that all API processes of a shop sign and verify with. */
export function createSigningKeyRepository(database: Database) {
  const list = (connection: Database): Promise<SigningKey[]> =>
    connection('signing_keys')
      .orderBy('created_at', 'desc')
      .orderBy('kid')
      .select('kid', { privateJwk: 'private_jwk' });

  return {
    /** All keys, the newest first. */
    list: () => list(database),

    /**
     * All keys, the newest first, after making one if there are none yet. Processes that start at once agree: the lock
     * lets one of them make it while the others wait.
     */
    ensure: (generate: () => Promise<SigningKey>): Promise<SigningKey[]> =>
      database.transaction(async (transaction) => {
        await transaction.raw("SELECT pg_advisory_xact_lock(hashtext('crema.signing_keys'))");
        const keys = await list(transaction);
        if (keys.length > 0) return keys;
        const { kid, privateJwk } = await generate();
        await transaction('signing_keys').insert({ kid, private_jwk: JSON.stringify(privateJwk) });
        return list(transaction);
      }),
  };
}

export type SigningKeyRepository = ReturnType<typeof createSigningKeyRepository>;
