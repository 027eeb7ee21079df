import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { readDatabaseConfig } from '../config/settings.ts';
import { connect, type Database } from './connection.ts';
import { migrate } from './migrations.ts';

/** A migration may have to rewrite a table, or to wait for one that another process runs. */
const DEADLINE_MS = 30 * 60_000;

await runCommand(async () => {
  const { DATABASE_URL } = readDatabaseConfig(readEnvironment());
  printServicesInUse({ DATABASE_URL });
  const database = connect(DATABASE_URL, { max: 1, name: 'crema-migrate', queryDeadline: DEADLINE_MS });
  try {
    await checkEncoding(database);
    const done = await migrate(database);
    console.log(done.length > 0 ? `Migrated: ${done.join(', ')}` : 'The database is up to date.');
  } finally {
    await database.destroy();
  }
});

/** Names are compared in a normal form of Unicode, which Postgres only knows in UTF-8. */
async function checkEncoding(database: Database): Promise<void> {
  const { rows } = await database.raw('SHOW server_encoding');
  const [{ server_encoding: encoding }] = rows;
  if (encoding === 'UTF8') return;
  throw new ConfigurationError(
    `The database is encoded in ${encoding}: make one in UTF-8 (CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0).`,
  );
}
