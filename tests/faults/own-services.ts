import type { Service } from '../../stack/service.ts';
import { startServices } from '../../stack/services.ts';
import { makeDataFolder } from '../evidence/evidence.ts';

/** Which variable names a service to Crema. */
const variables = {
  postgres: 'DATABASE_URL',
  temporal: 'TEMPORAL_ADDRESS',
  redis: 'REDIS_URL',
  mail: 'SMTP_URL',
} as const;

type Name = keyof typeof variables;

/** Services of a test file's own, which it may kill and freeze; the others are the shared ones. */
export async function startOwn<Own extends Name>(...names: Own[]) {
  const data = makeDataFolder('services');
  // What the environment names is not started; a shop catches its own mail.
  const environment: Record<string, string | undefined> = { SMTP_URL: 'smtp://127.0.0.1:1', ...process.env };
  for (const name of names) delete environment[variables[name]];
  const services = await startServices({ dataDir: data.path, environment, durable: false });
  const own = services.started as Record<Own, Service>;
  return {
    ...own,
    /** To open a shop with. */
    environment: Object.fromEntries(names.map((name) => [variables[name], own[name].url])),
    async stop() {
      await services.stop();
      data.remove();
    },
  };
}
