import { z } from 'zod';
import { type Environment, parseSettings } from '../config/environment.ts';
import { wholeNumber } from '../config/fields.ts';

const settings = z.object({
  /** How many orders the longest list has. */
  ORDERS: wholeNumber(1_000, 5_000_000).default(100_000),
  /** How many orders are open when memory is measured. */
  OPEN_ORDERS: wholeNumber(1, 50_000).default(1_000),
});

/** @throws {ConfigurationError} if a setting is invalid */
export const readBenchSettings = (environment: Environment) => parseSettings(settings, environment);
