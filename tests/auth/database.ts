import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectOptions, connect, type Database } from '../../db/connection.ts';
import { migrate } from '../../db/migrations.ts';
import { seedUsers } from '../../db/seeds/users.ts';
import { startPostgres } from '../../stack/postgres/server.ts';
import type { Service } from '../../stack/service.ts';

/** A Postgres server for one test file, migrated and with the seeded users. */
export interface TestDatabase {
  database: Database;
  /** Opens another connection pool, as another process would. */
  connectAgain(): Database;
  server: Service;
  close(): Promise<void>;
}

export async function openDatabase(options: ConnectOptions = {}): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'crema-auth-'));
  const server = await startPostgres({ dataDir, durable: false });
  const pools: Database[] = [];
  const connectAgain = () => {
    const pool = connect(server.url, { max: 4, name: 'crema-test', idleInTransaction: 0, ...options });
    pools.push(pool);
    return pool;
  };
  const database = connectAgain();
  await migrate(database);
  await seedUsers(database);
  return {
    database,
    connectAgain,
    server,
    async close() {
      await Promise.all(pools.map((pool) => pool.destroy()));
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
