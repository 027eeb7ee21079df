import type { Environment } from '../config/environment.ts';
import { startMail } from './mail.ts';
import { startPostgres } from './postgres/server.ts';
import { stopLeftovers } from './process/leftovers.ts';
import { startRedis } from './redis/server.ts';
import type { Service, ServiceOptions } from './service.ts';
import { startAll } from './start-all.ts';
import { startTemporal } from './temporal/server.ts';

/** 0: any free port. */
export interface ServicePorts {
  postgres: number;
  temporal: number;
  temporalUi: number;
  redis: number;
  smtp: number;
  mail: number;
}

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
  {
    name: 'postgres',
    variable: 'DATABASE_URL',
    start: (options: Options) =>
      startPostgres({ ...options, port: options.ports.postgres, fsync: options.durable ?? true }),
  },
  {
    name: 'temporal',
    variable: 'TEMPORAL_ADDRESS',
    start: (options: Options) =>
      startTemporal({ ...options, port: options.ports.temporal, uiPort: options.ports.temporalUi }),
  },
  {
    name: 'redis',
    variable: 'REDIS_URL',
    start: (options: Options) => startRedis({ ...options, port: options.ports.redis }),
  },
  {
    name: 'mail',
    variable: 'SMTP_URL',
    start: (options: Options) => startMail({ ...options, port: options.ports.smtp, pagePort: options.ports.mail }),
  },
] as const;

interface Options extends ServiceOptions {
  ports: ServicePorts;
  environment: Environment;
  /** Whether data must survive a crash of the machine. Tests save time without. Default: true. */
  durable?: boolean;
}

/** Returns whether the environment has an address of this service. */
export const isGiven = (environment: Environment, variable: string) => Boolean(environment[variable]);

/** Any free ports, for tests. */
export const anyPorts: ServicePorts = { postgres: 0, temporal: 0, temporalUi: 0, redis: 0, smtp: 0, mail: 0 };

/**
 * Starts Postgres, Temporal, Redis and the mail catcher concurrently, except those with an address in the environment.
 * Stops the remaining processes of an earlier run in this data folder first. If one service fails, stops the others.
 *
 * @throws {StackError} with the service that did not start, and the reason
 */
export async function startServices(options: Options): Promise<Services> {
  const left = await stopLeftovers(options.dataDir);
  if (left.length > 0) options.log?.(`An earlier run was killed; stopped what it left: ${left.join(', ')}.`);
  const wanted = kinds.filter(({ variable }) => !isGiven(options.environment, variable));
  const { values, failed, reason } = await startAll(
    wanted.map((kind) => (signal) => kind.start({ ...options, signal })),
    options.signal,
  );
  const environment = { ...options.environment };
  const started: Services['started'] = {};
  for (const [index, { name, variable }] of wanted.entries()) {
    const service = values[index];
    if (!service) continue;
    started[name] = service;
    environment[variable] = service.url;
  }
  const stop = async () => {
    for (const name of ['mail', 'redis', 'temporal', 'postgres'] as const) await started[name]?.stop();
  };
  if (failed) {
    await stop();
    throw reason;
  }
  return { environment, started, stop };
}
