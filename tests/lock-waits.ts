import type { Database } from '../db/connection.ts';

/** Returns a query for the connections to this database that wait for a lock. Other test files use the same Postgres. */
export const lockWaits = (database: Database) =>
  database('pg_stat_activity').where({ wait_event_type: 'Lock' }).whereRaw('datname = current_database()');
