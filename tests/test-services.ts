import { randomBytes } from 'node:crypto';
import { connect } from '../db/connection.ts';

/** The migrated and seeded database that every test file's own is copied from. */
export const TEMPLATE = 'crema_template';

/** The workflows of this version, bundled once for all test files. */
export const sharedBundle = () => ({ codePath: process.env.WORKFLOW_BUNDLE as string });

/** Makes a database of one's own on the shared Postgres, which goes as a whole when the tests end. Returns its URL. */
export async function copyDatabase(): Promise<string> {
  const url = new URL(process.env.DATABASE_URL as string);
  const name = `crema_${randomBytes(6).toString('hex')}`;
  const admin = connect(url.href, { max: 1 });
  await admin.raw(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE}`).finally(() => admin.destroy());
  url.pathname = `/${name}`;
  return url.href;
}
