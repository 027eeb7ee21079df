import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { connect } from './connection.ts';
import { seedCatalog } from './seeds/catalog.ts';
import { seedUsers } from './seeds/users.ts';
import { readDatabaseSettings } from './settings.ts';

await runCommand(async () => {
  const { NODE_ENV, DATABASE_URL, CURRENCY } = readDatabaseSettings(readEnvironment());
  if (NODE_ENV === 'production') {
    throw new ConfigurationError('Seeds are not allowed in production: their passwords are public.');
  }
  printServicesInUse({ DATABASE_URL });
  const database = connect(DATABASE_URL, { max: 2, name: 'crema-seed' });
  try {
    const products = await seedCatalog(database, CURRENCY);
    const users = await seedUsers(database);
    const some = products + users > 0;
    console.log(some ? `Seeded: ${products} products, ${users} users.` : 'The database is already seeded.');
  } finally {
    await database.destroy();
  }
});
