import type { Knex } from 'knex';
import type { Database } from './connection.ts';
import { retryConflicts } from './retry.ts';

/**
 * Runs work in one transaction: all of it is kept, or, when it throws, nothing.
 *
 * @param work runs again from its start after a conflict, so it must change nothing outside of the transaction
 */
export const transact = <T>(database: Database, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> =>
  // Of a transaction that has failed, no part can succeed.
  database.isTransaction ? database.transaction(work) : retryConflicts(() => database.transaction(work));
