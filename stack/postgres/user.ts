import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { StackError } from '../stack-error.ts';

/** The user of the Postgres server if the current user is root. Postgres refuses to run as root. */
export interface PostgresUser {
  uid: number;
  gid: number;
}

const name = 'postgres';

/**
 * Returns the user `postgres`, created if missing, or `undefined` if the current user is not root and can run Postgres.
 *
 * @throws {StackError} if the user is missing and cannot be created
 */
export function postgresUser(): PostgresUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const user = lookUp() ?? create();
  if (user) return user;
  throw new StackError(
    'Postgres refuses to run as root, and the user `postgres` could not be created: run this as an ordinary user, or set DATABASE_URL.',
  );
}

/** Creates the user with the command of most distributions, or with that of Alpine. */
function create(): PostgresUser | undefined {
  const commands = [
    'useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /bin/false',
    'adduser -S -D -H -s /bin/false',
  ];
  for (const command of commands) {
    const [program = '', ...args] = command.split(' ');
    try {
      execFileSync(program, [...args, name], { stdio: 'ignore', timeout: 30_000 });
    } catch {
      continue;
    }
    const user = lookUp();
    if (user) return user;
  }
  return undefined;
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

/** Returns whether the user can enter every folder above this path. Other users cannot enter a home of mode 0700, for example. */
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
 * Returns the folder of Postgres' data: inside the data folder, or below `/var/lib/crema` if the user cannot reach that.
 * Lets other users enter the data folder, which must exist.
 */
export function postgresFolder(dataDir: string, user: PostgresUser | undefined): string {
  const inside = join(dataDir, 'postgres');
  if (!user) return inside;
  // Lets the user `postgres` pass through the data folder, because a temporary folder has mode 0700. Its parents are not changed.
  chmodSync(dataDir, statSync(dataDir).mode | 0o011);
  if (canReach(inside, user)) return inside;
  return publicFolder(`data-${createHash('sha256').update(resolve(dataDir)).digest('hex').slice(0, 12)}`);
}

/** Returns a folder below `/var/lib/crema`, which every user can reach. Only root can create it. */
export function publicFolder(folder: string): string {
  const parent = '/var/lib/crema';
  mkdirSync(parent, { recursive: true, mode: 0o755 });
  return join(parent, folder);
}
