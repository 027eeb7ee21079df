import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../config/logger.ts';

/** How often a Redis that is away is tried again, in ms; nobody waits for that. */
const RETRY_MS = 500;

/**
 * Connects to a Redis that one can do without, now or whenever it comes: what cannot be sent at once fails at once.
 *
 * @param consequence what is different as long as it is away
 */
export function connectWithoutWaiting(
  url: string,
  options: RedisOptions,
  { logger, consequence }: { logger: Pick<Logger, 'warn'>; consequence: string },
): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    retryStrategy: () => RETRY_MS,
    ...options,
  });
  sayOnceAway(redis, logger, consequence);
  return redis;
}

/** Says once, each time that a Redis goes away, what is different as long as it is. */
export function sayOnceAway(redis: Redis, logger: Pick<Logger, 'warn'>, consequence: string): void {
  let told = false;
  redis.on('error', (error) => {
    if (!told) logger.warn({ err: error }, `Redis cannot be reached: ${consequence}`);
    told = true;
  });
  redis.on('ready', () => {
    told = false;
  });
}
