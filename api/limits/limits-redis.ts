import { Redis } from 'ioredis';
import type { Logger } from '../../config/logger.ts';
import { sayOnceAway } from '../redis-away.ts';

/** How long Redis may take to answer, in ms. The first requests that meet a frozen one wait that long, no other does. */
const DEADLINE_MS = 200;

/** How often a Redis that is away is tried again, in ms; no request waits for that. */
const RETRY_MS = 500;

/**
 * Connects to the Redis that rate limits are counted in, now or whenever it comes. A Redis that hangs is cut off and, as
 * long as it answers no new connection, not asked: the limits then count in memory.
 */
export function connectLimitsRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    connectionName: 'crema-limits',
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: DEADLINE_MS,
    // Breaks the connection, which is what keeps later requests from waiting.
    socketTimeout: DEADLINE_MS,
    connectTimeout: 2_000,
    retryStrategy: () => RETRY_MS,
  });
  sayOnceAway(redis, logger, 'rate limits count in memory');
  return redis;
}
