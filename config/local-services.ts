import { z } from 'zod';
import { type Environment, parseSettings } from './environment.ts';
import { wholeNumber } from './fields.ts';

const port = (fallback: number) => wholeNumber(1, 65_535, 'a port').default(fallback);

/** The settings for the ports of the services that `make run` starts on 127.0.0.1. */
export const localPorts = {
  POSTGRES_PORT: port(5433),
  REDIS_PORT: port(6380),
  TEMPORAL_PORT: port(7233),
  TEMPORAL_UI_PORT: port(8233),
  SMTP_PORT: port(1025),
  MAIL_PORT: port(1080),
};

const addresses = {
  DATABASE_URL: { port: 'POSTGRES_PORT', at: (port: number) => `postgres://crema:crema@127.0.0.1:${port}/crema` },
  REDIS_URL: { port: 'REDIS_PORT', at: (port: number) => `redis://127.0.0.1:${port}` },
  TEMPORAL_ADDRESS: { port: 'TEMPORAL_PORT', at: (port: number) => `127.0.0.1:${port}` },
  SMTP_URL: { port: 'SMTP_PORT', at: (port: number) => `smtp://127.0.0.1:${port}` },
} as const;

/** Returns the address of a service that `make run` starts, as a value of its setting: a URL, or host and port for Temporal. */
export const localAddress = (setting: keyof typeof addresses, port: number): string => addresses[setting].at(port);

/**
 * Returns the default of a setting: the address at which `make run` starts the service, with the port of the port setting.
 *
 * @throws {ConfigurationError} if the port setting is not a port
 */
export function defaultAddress(setting: keyof typeof addresses, environment: Environment): string {
  const name = addresses[setting].port;
  const ports = parseSettings(z.object({ [name]: localPorts[name] }), environment);
  return localAddress(setting, ports[name] as number);
}
