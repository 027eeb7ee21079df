import type { Redis, RedisOptions } from 'ioredis';
import { connectRedis, type OutageLog } from '../../config/redis-connection.ts';

/** Connects to an optional Redis as soon as it is available. A command that cannot be sent at once fails at once. */
export const connectWithoutWaiting = (url: string, options: RedisOptions, outageLog: OutageLog): Redis =>
  connectRedis(
    url,
    { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, ...options },
    outageLog,
  );
