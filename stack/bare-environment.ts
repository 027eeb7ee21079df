import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../config/environment.ts';

const settings = new Set(
  [...readFileSync(join(import.meta.dirname, '../.env.example'), 'utf8').matchAll(/^# ([A-Z][A-Z_]+)=/gm)].map(
    ([, name = '']) => name,
  ),
);

/** Returns this process's environment without Crema's settings, for a shop with data and settings of its own. */
export const bareEnvironment = (): Environment =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !settings.has(name)));
