import { resolve } from 'node:path';
import { z } from 'zod';
import { type Environment, parseSettings } from '../config/environment.ts';
import { localPorts } from '../config/local-services.ts';
import type { ServicePorts } from './services.ts';

const schema = z.object({
  /** Data, logs and pid files of this machine's services. */
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((path) => resolve(path)),
  ...localPorts,
});

/**
 * The settings of the development machine itself; design §9. Those of API and worker are in `config/settings.ts`.
 *
 * @throws {ConfigurationError} naming what is wrong
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
