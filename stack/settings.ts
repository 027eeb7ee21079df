import { resolve } from 'node:path';
import { z } from 'zod';
import { type Environment, parseSettings } from '../config/environment.ts';
import { localPorts } from '../config/local-services.ts';

const schema = z.object({
  /** The folder for data, logs and pid files of this machine's services. */
  DATA_DIR: z
    .string()
    .default('.data')
    .transform((path) => resolve(path)),
  ...localPorts,
});

export type StackSettings = z.output<typeof schema>;

/**
 * Reads the settings of the services that run on this machine.
 *
 * @throws {ConfigurationError} if a setting is wrong
 */
export const readStackSettings = (environment: Environment): StackSettings => parseSettings(schema, environment);
