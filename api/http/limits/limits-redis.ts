import type { Redis } from 'ioredis';
import type { Logger } from '../../../config/logger.ts';
import { connectOptionalRedis } from '../../../config/redis-connection.ts';

/** How long Redis may take to answer, in ms. The first requests that meet a frozen one wait that long, no other does. */
const DEADLINE_MS = 200;

/**
 * Connects to the Redis that rate limits are counted in, now or whenever it comes. A Redis that hangs is cut off and, as
 * long as it answers no new connection, not asked: the limits then count in memory.
 */
export const connectLimitsRedis = (url: string, logger: Logger): Redis =>
  connectOptionalRedis(
    url,
    {
      connectionName: 'crema-limits',
      commandTimeout: DEADLINE_MS,
      // Breaks the connection, which is what keeps later requests from waiting.
      socketTimeout: DEADLINE_MS,
    },
    { logger, consequence: 'rate limits count in memory' },
  );
