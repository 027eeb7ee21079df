import { resolve } from 'node:path';
import { z } from 'zod';
import { type Environment, parseSettings } from '../config/environment.ts';
import { localPorts } from '../config/local-services.ts';
import type { ServicePorts } from './services.ts';

const schema = z.object({
  /** The folder for data, logs and pid files of this machine's services. */
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((path) => resolve(path)),
  ...localPorts,
});

/**
 * Reads the settings of the services that run on this machine.
 *
 * @throws {ConfigurationError} if a setting is wrong
 */
export const readStackSettings = (environment: Environment) => parseSettings(schema, environment);
export type StackSettings = z.output<typeof schema>;

/** The services' ports as {@link startServices} takes them. */
export const servicePorts = (settings: StackSettings): ServicePorts => ({
  postgres: settings.POSTGRES_PORT,
  temporal: settings.TEMPORAL_PORT,
  temporalUi: settings.TEMPORAL_UI_PORT,
  redis: settings.REDIS_PORT,
  smtp: settings.SMTP_PORT,
  mail: settings.MAIL_PORT,
});
