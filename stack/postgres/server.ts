import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { localAddress } from '../../config/local-services.ts';
import { runToSuccess } from '../process/guarded-process.ts';
import { commandLine, identify } from '../process/identity.ts';
import { end } from '../process/leftovers.ts';
import { type LocalServiceOptions, type Service, type ServiceOptions, startService } from '../service.ts';
import { findPostgres } from './binaries.ts';
import { type PostgresUser, postgresFolder, postgresUser } from './user.ts';

/** User name, password and database of a server that listens on 127.0.0.1 only. */
const crema = 'crema';

/** Starts Postgres on 127.0.0.1. The first start creates an empty database `crema`. */
export async function startPostgres(options: LocalServiceOptions): Promise<Service> {
  mkdirSync(options.dataDir, { recursive: true });
  const user = postgresUser();
  const native = findPostgres(user);
  const directory = postgresFolder(options.dataDir, user);
  if (!directory.startsWith(options.dataDir)) {
    options.log?.(`The user postgres cannot reach ${options.dataDir}; Postgres keeps its data in ${directory}.`);
  }
  if (!existsSync(directory)) await initialize(native, directory, user, options);
  return startService(
    {
      name: 'postgres',
      title: 'Postgres',
      ports: { postgres: options.ports?.POSTGRES_PORT },
      program: async ({ postgres }) => {
        await removeStalePidFile(directory);
        return {
          command: join(native, 'bin/postgres'),
          args: ['-D', directory, '-p', String(postgres), ...settings(options.durable ?? true)],
          cwd: directory,
          user,
          // A fast shutdown: SIGTERM would wait until all clients have disconnected.
          stopSignal: 'SIGINT',
        };
      },
      url: ({ postgres }) => localAddress('DATABASE_URL', postgres),
      isReady: async ({ postgres }) => {
        await ensureDatabase(postgres);
        return true;
      },
      // After kill -9, the server's children take a moment to exit. Until then, a new server cannot start.
      transient: /pre-existing shared memory block|lock file "postmaster\.pid" already exists/,
    },
    options,
  );
}

function settings(durable: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    // No socket file: its folder would have to be writable for the user of the server.
    unix_socket_directories: '',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Without fsync, a crash of the machine loses data; a kill of Postgres does not.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function initialize(native: string, directory: string, user: PostgresUser | undefined, options: ServiceOptions) {
  // The database is created in a temporary folder and then moved, so that a kill leaves no incomplete database.
  const draft = `${directory}.new`;
  const password = `${directory}.password`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  writeFileSync(password, crema, { mode: 0o600 });
  if (user) for (const path of [draft, password]) chownSync(path, user.uid, user.gid);
  try {
    await runToSuccess(
      {
        name: 'initdb',
        command: join(native, 'bin/initdb'),
        args: [
          ...['--pgdata', draft, '--username', crema, '--pwfile', password, '--auth', 'scram-sha-256', '--no-sync'],
          // Postgres' builtin UTF-8 locale sorts the same on every machine. The system may lack other locales.
          ...['--encoding', 'UTF8', '--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8'],
        ],
        cwd: draft,
        user,
      },
      { ...options, deadline: 120_000, failure: (reason) => `Postgres' database could not be created: ${reason}.` },
    );
    renameSync(draft, directory);
  } finally {
    rmSync(password, { force: true });
    rmSync(draft, { recursive: true, force: true });
  }
}

/**
 * Handles the pid file of a killed server. If the server still runs, stops it. If another program has the server's process id
 * now, removes the file, because Postgres would mistake that program for a running server.
 */
async function removeStalePidFile(directory: string) {
  const file = join(directory, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const owner = identify(pid);
  // If the process has ended, Postgres itself removes the file, after it has freed the shared memory that the file names.
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
