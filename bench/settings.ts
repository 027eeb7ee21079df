import { z } from 'zod';
import { type Environment, parseSettings } from '../config/environment.ts';

const amount = (least: number, most: number, usual: number) =>
  z.coerce
    .number()
    .int()
    .min(least, `must be a whole number from ${least} to ${most}`)
    .max(most, `must be a whole number from ${least} to ${most}`)
    .default(usual);

const settings = z.object({
  /** How many orders the longest list has. */
  ORDERS: amount(1_000, 5_000_000, 100_000),
  /** How many orders are open at once where memory is looked at. */
  OPEN_ORDERS: amount(1, 50_000, 1_000),
});

/** @throws {ConfigurationError} naming what is wrong */
export const readBenchSettings = (environment: Environment) => parseSettings(settings, environment);
