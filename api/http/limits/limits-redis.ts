import type { Redis } from 'ioredis';
import type { Logger } from '../../../config/logger.ts';
import { connectOptionalRedis } from '../../../config/redis-connection.ts';

/** Timeout of a Redis command, in ms. If Redis hangs, only the first requests wait this long. */
const DEADLINE_MS = 200;

/**
 * Connects to the Redis of the rate limits, now or once it is available. If Redis hangs, the connection is closed, and the limits
 * count in memory until a new connection succeeds.
 */
export const connectLimitsRedis = (url: string, logger: Logger): Redis =>
  connectOptionalRedis(
    url,
    {
      connectionName: 'crema-limits',
      commandTimeout: DEADLINE_MS,
      // Closes the connection, so that later requests do not wait.
      socketTimeout: DEADLINE_MS,
    },
    { logger, consequence: 'rate limits count in memory' },
  );
