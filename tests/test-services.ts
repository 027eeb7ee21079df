import { randomBytes } from 'node:crypto';
import { connect } from '../db/connection.ts';
import { migrate } from '../db/migrations.ts';
import { seedCatalog } from '../db/seeds/catalog.ts';
import { seedUsers } from '../db/seeds/users.ts';

/** The migrated and seeded database that every test file's own is copied from. */
export const TEMPLATE = 'crema_template';

/** The workflows of this version, bundled once for all test files. */
export const sharedBundle = () => ({ codePath: process.env.WORKFLOW_BUNDLE as string });

/** Migrates and seeds a database. */
export async function fillDatabase(url: string): Promise<void> {
  const database = connect(url, { max: 2 });
  await migrate(database);
  await seedUsers(database);
  await seedCatalog(database, 'USD');
  await database.destroy();
}

/** Makes a database of one's own, migrated and seeded: see {@link createDatabase}. */
export const copyDatabase = (): Promise<string> => createDatabase(`TEMPLATE ${TEMPLATE}`);

/** Makes an empty database on the shared Postgres, which goes as a whole when the tests end. Returns its URL. */
export async function createDatabase(options = ''): Promise<string> {
  const url = new URL(process.env.DATABASE_URL as string);
  const name = `crema_${randomBytes(6).toString('hex')}`;
  const admin = connect(url.href, { max: 1 });
  await admin.raw(`CREATE DATABASE ${name} ${options}`).finally(() => admin.destroy());
  url.pathname = `/${name}`;
  return url.href;
}
