import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { connectToMigrate, faultOf, migrate } from './migrations.ts';
import { readDatabaseSettings } from './settings.ts';

await runCommand(async () => {
  const { DATABASE_URL } = readDatabaseSettings(readEnvironment());
  printServicesInUse({ DATABASE_URL });
  const database = connectToMigrate(DATABASE_URL);
  try {
    const fault = await faultOf(database);
    if (fault) throw new ConfigurationError(fault);
    const done = await migrate(database);
    console.log(done.length > 0 ? `Migrated: ${done.join(', ')}` : 'The database is up to date.');
  } finally {
    await database.destroy();
  }
});
