import { z } from 'zod';
import { parseShopSettings } from '../config/development-defaults.ts';
import type { Environment } from '../config/environment.ts';
import { currencySettings, nodeEnvSettings, postgresSettings, publicUrlSettings } from '../config/setting-groups.ts';

const schema = z.object({ ...nodeEnvSettings, ...publicUrlSettings, ...postgresSettings, ...currencySettings });

/** Reads the settings of `npm run manage`. */
export const readManageSettings = (environment: Environment) => parseShopSettings(schema, environment);
