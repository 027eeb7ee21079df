import { readEnvironment } from '../config/environment.ts';
import { readDatabaseConfig } from '../config/settings.ts';
import { connect } from './connection.ts';
import { seedCatalog } from './seeds/catalog.ts';
import { seedUsers } from './seeds/users.ts';

const environment = readEnvironment();
if (environment.NODE_ENV === 'production') {
  console.error('Seeds are for development and tests: their passwords are public, so production refuses them.');
  process.exit(1);
}

const { DATABASE_URL, CURRENCY } = readDatabaseConfig(environment);
const database = connect(DATABASE_URL, { max: 2, name: 'crema-seed' });
try {
  const products = await seedCatalog(database, CURRENCY);
  const users = await seedUsers(database);
  console.log(
    products + users > 0 ? `Seeded: ${products} products, ${users} users.` : 'There was nothing left to seed.',
  );
} finally {
  await database.destroy();
}
