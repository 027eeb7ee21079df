import { randomBytes } from 'node:crypto';
import { type ConnectOptions, connect } from '../db/connection.ts';
import { migrate } from '../db/migrations.ts';
import { seedCatalog } from '../db/seeds/catalog.ts';
import { seedUsers } from '../db/seeds/users.ts';

/** The migrated and seeded database that each test file copies. */
export const TEMPLATE = 'crema_template';

/** Options of a connection whose statements and transactions take long on a busy machine. */
export const patient = { queryDeadline: 20_000, idleInTransaction: 0 } satisfies ConnectOptions;

/** Migrates and seeds a database. */
export async function fillDatabase(url: string): Promise<void> {
  const database = connect(url, { max: 2 });
  await migrate(database);
  await seedUsers(database);
  await seedCatalog(database, 'USD');
  await database.destroy();
}

/** Creates a migrated and seeded database on the shared Postgres. Returns its URL. */
export const copyDatabase = (): Promise<string> => createDatabase(`TEMPLATE ${TEMPLATE}`);

/**
 * Creates a database, which is deleted together with its server. Returns its URL.
 *
 * @param options of `CREATE DATABASE`; by default, the database is empty
 * @param server the URL of any database on the server. Default: the shared Postgres
 */
export async function createDatabase(
  options = '',
  { server = process.env.DATABASE_URL as string, name = `crema_${randomBytes(6).toString('hex')}` } = {},
): Promise<string> {
  const at = (database: string) => Object.assign(new URL(server), { pathname: database }).href;
  // Postgres copies a template only while it has no connections, so connect to another database.
  const admin = connect(at('postgres'), { max: 1 });
  await admin.raw(`CREATE DATABASE ${name} ${options}`).finally(() => admin.destroy());
  return at(name);
}
