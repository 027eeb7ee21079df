import { hash } from 'node:crypto';
import { canonicalEmail } from '../domain/account/canonical-email.ts';
import type { ReturnedAs } from '../domain/order/suppression-reason.ts';
import type { Database } from './connection.ts';
import { prepare } from './prepared-statement.ts';

/** Hashes an address. Only hashes are stored, so that the table does not reveal addresses. */
const hashOf = (email: string): string => hash('sha256', canonicalEmail(email));

const findReason = prepare<{ reason: ReturnedAs }>(
  'suppression',
  'SELECT reason FROM email_suppressions WHERE address_hash = :addressHash',
);

/** Stores the addresses that get no email because an earlier email bounced permanently or was reported as spam. */
export function createEmailSuppressions(database: Database) {
  const at = (email: string) => database('email_suppressions').where({ address_hash: hashOf(email) });

  return {
    reasonFor: async (email: string): Promise<ReturnedAs | undefined> =>
      (await findReason(database, { addressHash: hashOf(email) })).rows[0]?.reason,

    async add(email: string, reason: ReturnedAs): Promise<void> {
      await database('email_suppressions')
        .insert({ address_hash: hashOf(email), reason, at: new Date() })
        .onConflict('address_hash')
        .merge();
    },

    /** Removes a suppression. @returns whether the address was suppressed */
    lift: async (email: string): Promise<boolean> => (await at(email).delete()) > 0,
  };
}

export type EmailSuppressions = ReturnType<typeof createEmailSuppressions>;
