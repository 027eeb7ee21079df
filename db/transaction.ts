import type { Knex } from 'knex';
import type { Database } from './connection.ts';
import { retryConflicts } from './retry.ts';

/**
 * Runs work in one transaction, which is rolled back if the work throws.
 *
 * @param work is retried as a whole after a conflict, so it must not have effects outside of the transaction
 */
export const transact = <T>(database: Database, work: (transaction: Knex.Transaction) => Promise<T>): Promise<T> =>
  // A nested transaction is not retried here: after a conflict, only the outermost transaction can be retried.
  database.isTransaction ? database.transaction(work) : retryConflicts(() => database.transaction(work));
