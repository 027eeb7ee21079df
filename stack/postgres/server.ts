import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { localAddress } from '../../config/local-services.ts';
import { runProcess } from '../process/guarded-process.ts';
import { commandLine, identify } from '../process/identity.ts';
import { end } from '../process/leftovers.ts';
import { logTail, reasonIn } from '../process/log-tail.ts';
import { type Service, type ServiceOptions, startService } from '../service.ts';
import { StackError } from '../stack-error.ts';
import { findPostgres } from './binaries.ts';
import { type PostgresUser, postgresFolder, postgresUser } from './user.ts';

/** Name, password and database of a server that listens on 127.0.0.1 only. */
const crema = 'crema';

/**
 * Starts Postgres on 127.0.0.1, with an empty database `crema` the first time.
 *
 * @param options.fsync `false` saves half the time and loses data only when the machine goes down, not when Postgres is
 *   killed: right for tests
 */
export async function startPostgres(options: ServiceOptions & { port?: number; fsync?: boolean }): Promise<Service> {
  mkdirSync(options.dataDir, { recursive: true });
  const user = postgresUser();
  const native = findPostgres(user);
  const directory = postgresFolder(options.dataDir, user);
  if (!directory.startsWith(options.dataDir)) {
    options.log?.(`The user postgres cannot reach ${options.dataDir}; Postgres keeps its data in ${directory}.`);
  }
  if (!existsSync(directory)) await initialise(native, directory, user, options);
  return startService(
    {
      name: 'postgres',
      title: 'Postgres',
      ports: { postgres: options.port ?? 0 },
      program: async ({ postgres }) => {
        await clearPidFile(directory);
        return {
          command: join(native, 'bin/postgres'),
          args: ['-D', directory, '-p', String(postgres), ...settings(options.fsync ?? true)],
          cwd: directory,
          user,
          // SIGTERM waits for the last client to leave, SIGINT sends them away.
          stopSignal: 'SIGINT',
        };
      },
      url: ({ postgres }) => localAddress('DATABASE_URL', postgres),
      isReady: async ({ postgres }) => {
        await ensureDatabase(postgres);
        return true;
      },
      // After kill -9 the server's children take a moment to notice.
      transient: /pre-existing shared memory block|lock file "postmaster\.pid" already exists/,
    },
    options,
  );
}

function settings(fsync: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    // No socket file: its folder would have to be writable for the user it runs as.
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialise(native: string, directory: string, user: PostgresUser | undefined, options: ServiceOptions) {
  // Made beside its place and moved: a kill half-way leaves nothing that looks like a database.
  const draft = `${directory}.new`;
  const password = `${directory}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(password, crema, { mode: 0o600 });
  if (user) for (const path of [draft, password]) chownSync(path, user.uid, user.gid);
  try {
    const exit = await runProcess(
      {
        name: 'initdb',
        command: join(native, 'bin/initdb'),
        args: [
          ...['--pgdata', draft, '--username', crema, '--pwfile', password, '--auth', 'scram-sha-256', '--no-sync'],
          // Postgres' own UTF-8 locale sorts the same on every machine; the system's may not even exist.
          ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
        ],
        cwd: draft,
        user,
      },
      { ...options, deadline: 120_000 },
    );
    if (exit?.code !== 0) {
      const log = join(options.dataDir, 'logs', 'initdb.log');
      throw new StackError(
        `Postgres' database could not be made: ${reasonIn(logTail(log, 50)) || 'it took over 120 s'} (${log} has more).`,
      );
    }
    renameSync(draft, directory);
  } finally {
    rmSync(password, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Makes way for a new server after one that was killed. Its pid file names a process that may still run, may be gone, or
 * whose id may by now be a stranger's, which Postgres would take for a server of its own.
 */
async function clearPidFile(directory: string) {
  const file = join(directory, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const owner = identify(pid);
  // Without its process, Postgres clears up after itself (and frees the shared memory that the file names).
  if (!owner) return;
  if (commandLine(pid).includes(directory)) await end(owner, 'SIGINT');
  else rmSync(file, { force: true });
}

async function ensureDatabase(port: number) {
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port, user: crema, password: crema, database: 'postgres' },
    connectionTimeoutMillis: 2_000,
    query_timeout: 30_000,
  });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [crema]);
    if (!rowCount) await client.query(`create database ${crema}`);
  } finally {
    await client.end();
  }
}
