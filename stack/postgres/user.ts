import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StackError } from '../stack-error.ts';

/** The user that Postgres runs as when we are root, whom it refuses. */
export interface PostgresUser {
  uid: number;
  gid: number;
}

const name = 'postgres';

/** The user to run Postgres as, made if need be; `undefined` when we are not root and run it ourselves. */
export function postgresUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = lookUp();
  if (known) return known;
  const ways = [
    [
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/bin/false',
      name,
    ],
    ['adduser', '-S', '-D', '-H', '-s', '/bin/false', name],
  ];
  for (const [command = '', ...args] of ways) {
    try {
      execFileSync(command, args, { stdio: 'ignore', timeout: 30_000 });
    } catch {
      continue;
    }
    const made = lookUp();
    if (made) return made;
  }
  throw new StackError(
    'Postgres does not run as root and no user `postgres` could be made: run this as an ordinary user, or set DATABASE_URL.',
  );
}

function lookUp(): PostgresUser | undefined {
  const id = (flag: string) =>
    Number(
      execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 10_000 }),
    );
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/** Whether this user may walk down to this path; a home of mode 0700 on the way is closed to them. */
export function canReach(path: string, user: PostgresUser): boolean {
  const parents: string[] = [];
  for (let folder = dirname(resolve(path)); folder !== dirname(folder); folder = dirname(folder)) parents.push(folder);
  return parents.every((folder) => {
    const { mode, uid, gid } = statSync(folder);
    const execute = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    return (mode & execute) !== 0;
  });
}

/**
 * Where Postgres' data lies: in the data folder, unless the user it runs as cannot get there.
 *
 * @param dataDir exists, and is ours to open to that user
 */
export function postgresFolder(dataDir: string, user: PostgresUser | undefined): string {
  const inside = join(dataDir, 'postgres');
  if (!user) return inside;
  // A temporary folder is made with 0700; that is ours to change, its parents are not.
  chmodSync(dataDir, statSync(dataDir).mode | 0o011);
  if (canReach(inside, user)) return inside;
  return publicFolder(`data-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12)}`);
}

/** A folder of ours, for root, that every user can reach. */
export function publicFolder(folder: string): string {
  const parent = '/var/lib/crema';
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  return join(parent, folder);
}
