import { execFileSync } from 'node:child_process';
import { chownSync, existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { localAddress } from '../../config/local-services.ts';
import { findOnPath } from '../../stack/path.ts';
import { postgresUser } from '../../stack/postgres/user.ts';
import { runProcess } from '../../stack/process/guarded-process.ts';
import { type Service, startService } from '../../stack/service.ts';

const INSTALL_DEADLINE_MS = 300_000;

/** The Debian packages of programs whose package has another name. */
const packages: Record<string, string> = { postgres: 'postgresql', pgrep: 'procps' };

/** Whether a program is installed. Debian does not put the programs of Postgres on the PATH. */
const isThere = (name: string) => Boolean(name === 'postgres' ? systemPostgres() : findOnPath(name));

/**
 * Returns the programs that this machine lacks. As root on Debian and its derivatives, installs them first, without
 * starting their services.
 */
export function missingPrograms(names: string[]): string[] {
  const missing = () => names.filter((name) => !isThere(name));
  if (missing().length === 0 || process.getuid?.() !== 0 || !findOnPath('apt-get')) return missing();
  const options = {
    stdio: 'ignore',
    timeout: INSTALL_DEADLINE_MS,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  } as const;
  try {
    execFileSync('apt-get', ['update'], options);
    const wanted = missing().map((name) => packages[name] ?? name);
    execFileSync('apt-get', ['install', '-y', '--no-install-recommends', ...wanted], options);
  } catch {
    // Programs that are still missing are returned below.
  }
  return missing();
}

/** Returns the folder of the system's Postgres server and its `pg_dump`; undefined if it is not installed. */
export function systemPostgres(): string | undefined {
  const onPath = findOnPath('postgres');
  const folders = [...(onPath ? [dirname(onPath)] : []), ...globSync('/usr/lib/postgresql/*/bin').sort().reverse()];
  return folders.find((folder) =>
    ['initdb', 'postgres', 'pg_dump', 'pg_restore'].every((name) => existsSync(join(folder, name))),
  );
}

/**
 * Starts the system's Postgres with an empty database `crema`. Other tests use the Postgres from npm, but it has no `pg_dump`, and
 * the system's `pg_dump` rejects a server that is newer than itself.
 */
export async function startSystemPostgres(bin: string, dataDir: string): Promise<Service> {
  const user = postgresUser();
  const directory = join(dataDir, 'system-postgres');
  const password = `${directory}.password`;
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(password, 'crema', { mode: 0o600 });
  if (user) for (const path of [directory, password]) chownSync(path, user.uid, user.gid);
  const account = ['--username', 'crema', '--pwfile', password, '--auth', 'scram-sha-256'];
  const made = await runProcess(
    {
      name: 'initdb',
      command: join(bin, 'initdb'),
      args: ['--pgdata', directory, ...account, '--encoding', 'UTF8', '--locale', 'C', '--no-sync'],
      cwd: directory,
      user,
    },
    { dataDir, deadline: 60_000 },
  );
  if (made?.code !== 0) throw new Error(`initdb of ${bin} failed: see ${dataDir}/logs/initdb.log`);
  const options = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
  return startService(
    {
      name: 'system-postgres',
      title: 'The Postgres of this system',
      ports: { postgres: 0 },
      program: ({ postgres }) => ({
        command: join(bin, 'postgres'),
        args: ['-D', directory, '-p', String(postgres), ...options.flatMap((option) => ['-c', option])],
        cwd: directory,
        user,
        stopSignal: 'SIGINT',
      }),
      url: ({ postgres }) => localAddress('DATABASE_URL', postgres),
      isReady: async ({ postgres }) => {
        const at = { host: '127.0.0.1', port: postgres, user: 'crema', password: 'crema', database: 'postgres' };
        const client = new pg.Client({ ...at, connectionTimeoutMillis: 2_000 });
        client.on('error', () => {});
        await client.connect();
        await client.query('CREATE DATABASE crema').finally(() => client.end());
        return true;
      },
    },
    { dataDir },
  );
}
