import { z } from 'zod';
import { parseShopSettings } from '../config/development-defaults.ts';
import type { Environment } from '../config/environment.ts';
import { currencySettings, nodeEnvSettings, postgresSettings } from '../config/setting-groups.ts';

const schema = z.object({ ...nodeEnvSettings, ...postgresSettings, ...currencySettings });

/** Reads the settings of `npm run migrate` and `npm run seed`. */
export const readDatabaseSettings = (environment: Environment) => parseShopSettings(schema, environment);
