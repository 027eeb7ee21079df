import type { Environment } from '../config/environment.ts';
import { startMail } from './mail.ts';
import { startPostgres } from './postgres/server.ts';
import { startRedis } from './redis/server.ts';
import { runAll } from './run-all.ts';
import type { LocalServiceOptions, Service } from './service.ts';
import { startTemporal } from './temporal/server.ts';

/** The services that Crema needs. This machine runs those without an address in the environment. */
export interface Services {
  /** The environment for child processes: the given one, plus the addresses of the started services. */
  environment: Environment;
  /** The started services, by name. */
  started: { postgres?: Service; temporal?: Service; redis?: Service; mail?: Service };
  /** Stops the started services one after the other: mail, Redis, Temporal, Postgres. */
  stop(): Promise<void>;
}

const kinds = [
  { name: 'postgres', variable: 'DATABASE_URL', start: startPostgres },
  { name: 'temporal', variable: 'TEMPORAL_ADDRESS', start: startTemporal },
  { name: 'redis', variable: 'REDIS_URL', start: startRedis },
  { name: 'mail', variable: 'SMTP_URL', start: startMail },
] as const;

/**
 * Starts Postgres, Temporal, Redis and the mail catcher concurrently, except those with an address in the environment.
 * If one fails, stops the others.
 *
 * @throws {StackError} with the service that did not start, and the reason
 */
export async function startServices(options: LocalServiceOptions & { environment: Environment }): Promise<Services> {
  const wanted = kinds.filter(({ variable }) => !options.environment[variable]);
  const services = await runAll(
    wanted.map((kind) => (signal) => kind.start({ ...options, signal })),
    options.signal,
    (service) => service.stop(),
  );
  return {
    environment: {
      ...options.environment,
      ...Object.fromEntries(wanted.map(({ variable }, index) => [variable, services[index]?.url])),
    },
    started: Object.fromEntries(wanted.map(({ name }, index) => [name, services[index]])),
    async stop() {
      for (const service of services.toReversed()) await service.stop();
    },
  };
}
