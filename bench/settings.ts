import { z } from 'zod';
import { type Environment, parseSettings } from '../config/environment.ts';
import { wholeNumber } from '../config/fields.ts';

const settings = z.object({
  /** How many orders the longest list has. */
  ORDERS: wholeNumber(1_000, 5_000_000).default(100_000),
  /** How many orders are open at once where memory is looked at. */
  OPEN_ORDERS: wholeNumber(1, 50_000).default(1_000),
});

/** @throws {ConfigurationError} naming what is wrong */
export const readBenchSettings = (environment: Environment) => parseSettings(settings, environment);
