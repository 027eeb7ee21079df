import type { Redis } from 'ioredis';
import type { Logger } from '../config/logger.ts';

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
