import type { Redis, RedisOptions } from 'ioredis';
import { connectRedis, type OutageLog } from '../config/redis-connection.ts';

/** Connects to a Redis that one can do without, now or whenever it comes: what cannot be sent at once fails at once. */
export const connectWithoutWaiting = (url: string, options: RedisOptions, outageLog: OutageLog): Redis =>
  connectRedis(
    url,
    { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0, ...options },
    outageLog,
  );
