import type { Environment } from '../config/environment.ts';
import { startMail } from './mail.ts';
import { startPostgres } from './postgres/server.ts';
import { stopLeftovers } from './process/leftovers.ts';
import { startRedis } from './redis/server.ts';
import type { Service, ServiceOptions } from './service.ts';
import { startAll } from './start-all.ts';
import { startTemporal } from './temporal/server.ts';

/** 0 stands for any free port. */
export interface ServicePorts {
  postgres: number;
  temporal: number;
  temporalUi: number;
  redis: number;
  smtp: number;
  mail: number;
}

/** The services that Crema needs, of which this machine runs those that the environment does not name. */
export interface Services {
  /** The environment for child processes: the one given, plus the address of every service that we started. */
  environment: Environment;
  /** By name; a service that already ran elsewhere is not among them. */
  started: { postgres?: Service; temporal?: Service; redis?: Service; mail?: Service };
  /** Stops what we started: mail, Redis, Temporal, Postgres, one after the other. */
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
  /** Whether data must survive a crash of the machine; tests save time without. Default: yes. */
  durable?: boolean;
}

/** Whether the environment says where this service already runs. */
export const isGiven = (environment: Environment, variable: string) => Boolean(environment[variable]);

/** Ports that nobody else has, for tests. */
export const anyPorts: ServicePorts = { postgres: 0, temporal: 0, temporalUi: 0, redis: 0, smtp: 0, mail: 0 };

/**
 * Starts Postgres, Temporal, Redis and the mail catcher side by side, each unless the environment names an existing one.
 * If one fails, those that did start are stopped again. What an earlier run left in this data folder is stopped first.
 *
 * @throws {StackError} naming the service that does not start and why
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
