import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { postgresUser } from '../../stack/postgres/user.ts';
import { type Service, type ServiceOptions, startService } from '../../stack/service.ts';
import { findProgram } from '../../stack/system-package.ts';

const pgbouncer = {
  title: 'PgBouncer',
  programs: ['pgbouncer'],
  packages: { 'apt-get': 'pgbouncer', apk: 'pgbouncer', dnf: 'pgbouncer', brew: 'pgbouncer' },
  instead: 'do without the tests of tests/pooler',
} as const;

export interface PgBouncerProgram {
  path: string;
  /** Whether it supports prepared statements, as from version 1.21. */
  tracksStatements: boolean;
}

/**
 * Finds PgBouncer as `make run` finds Redis. The variable PGBOUNCER selects another program.
 *
 * @throws {StackError} if it is not available
 */
export async function findPgBouncer(options: ServiceOptions): Promise<PgBouncerProgram> {
  const path = process.env.PGBOUNCER ?? (await findProgram(pgbouncer, options));
  const said = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(said) as unknown as [string, string, string];
  return { path, tracksStatements: Number(major) > 1 || Number(minor) >= 21 };
}

/**
 * Starts PgBouncer in transaction mode in front of Postgres, with few connections, which all clients share.
 *
 * @param settings settings that are added to the default ones or replace them
 */
export function startPgBouncer(
  { path }: PgBouncerProgram,
  postgres: URL,
  settings: Record<string, string | number>,
  options: ServiceOptions,
): Promise<Service> {
  const directory = join(options.dataDir, 'pgbouncer');
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'pgbouncer.ini');
  const { hostname, port, username, password } = postgres;
  const urlAt = (port: number, database: string) => `postgres://${username}:${password}@127.0.0.1:${port}/${database}`;
  return startService(
    {
      name: 'pgbouncer',
      title: 'PgBouncer',
      ports: { pooler: 0 },
      program: ({ pooler }) => {
        const all = {
          listen_addr: '127.0.0.1',
          listen_port: pooler,
          unix_socket_dir: '',
          auth_type: 'any',
          pool_mode: 'transaction',
          max_client_conn: 500,
          default_pool_size: 4,
          // PgBouncer refuses to run as root, so it switches to this user.
          ...(postgresUser() && { user: 'postgres' }),
          ...settings,
        };
        const lines = Object.entries(all).map(([name, value]) => `${name} = ${value}`);
        const server = `* = host=${hostname} port=${port} user=${username} password=${password}`;
        const limit = "connect_query='SET statement_timeout = 5000'";
        writeFileSync(file, ['[databases]', `${server} ${limit}`, '[pgbouncer]', ...lines, ''].join('\n'));
        return { command: path, args: [file] };
      },
      url: ({ pooler }) => urlAt(pooler, 'crema'),
      isReady: async ({ pooler }) => {
        const client = new pg.Client({ connectionString: urlAt(pooler, 'postgres'), connectionTimeoutMillis: 2_000 });
        client.on('error', () => {});
        await client.connect();
        await client.end();
        return true;
      },
    },
    options,
  );
}
