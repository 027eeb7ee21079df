import { randomBytes } from 'node:crypto';
import { connect, type Database } from '../db/connection.ts';

/** The migrated and seeded database that every test file's own is copied from. */
export const TEMPLATE = 'crema_template';

/** The workflows of this version, bundled once for all test files. */
export const sharedBundle = () => ({ codePath: process.env.WORKFLOW_BUNDLE as string });

/** Makes a database of one's own on the shared Postgres. Returns its URL and how to drop it. */
export async function copyDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const url = new URL(process.env.DATABASE_URL as string);
  const name = `crema_${randomBytes(6).toString('hex')}`;
  const administer = async (work: (admin: Database) => Promise<unknown>) => {
    const admin = connect(process.env.DATABASE_URL as string, { max: 1 });
    await work(admin).finally(() => admin.destroy());
  };
  await administer((admin) => admin.raw(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => administer((admin) => admin.raw(`DROP DATABASE ${name} WITH (FORCE)`)) };
}
