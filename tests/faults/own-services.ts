import type { Service } from '../../stack/service.ts';
import { startServices } from '../../stack/services.ts';
import { makeDataFolder } from '../evidence/keep-on-failure.ts';

/** The variable with each service's address. */
const variables = {
  postgres: 'DATABASE_URL',
  temporal: 'TEMPORAL_ADDRESS',
  redis: 'REDIS_URL',
  mail: 'SMTP_URL',
} as const;

type Name = keyof typeof variables;

/** Starts services that a test file may kill and freeze. All other services are the shared ones. */
export async function startOwn<Own extends Name>(...names: Own[]) {
  const data = makeDataFolder('services');
  // Services with an address in the environment are not started. SMTP_URL prevents a mail catcher: each shop catches its own mail.
  const environment: Record<string, string | undefined> = { SMTP_URL: 'smtp://127.0.0.1:1', ...process.env };
  for (const name of names) delete environment[variables[name]];
  const services = await startServices({ dataDir: data.path, environment, durable: false });
  const own = services.started as Record<Own, Service>;
  return {
    ...own,
    /** The addresses, for `openShop`. */
    environment: Object.fromEntries(names.map((name) => [variables[name], own[name].url])),
    async stop() {
      await services.stop();
      data.remove();
    },
  };
}
