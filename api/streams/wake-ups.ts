import { Redis } from 'ioredis';
import type { Logger } from '../../config/logger.ts';
import { sayOnceAway } from '../redis-away.ts';

/** Where every order's events are published (design §5). */
const CHANNEL = 'orders';

/** How often a Redis that is away is tried again, in ms, and how soon the network must say that it is. */
const RETRY_MS = 500;
const KEEP_ALIVE_MS = 10_000;

/**
 * Has Redis say that there is something new. What it says does not matter, and that it says nothing only costs time: the
 * log in Postgres has everything.
 *
 * @returns how to end it
 */
export function subscribeToWakeUps(url: string, wake: () => void, logger: Pick<Logger, 'warn'>): () => void {
  const redis = new Redis(url, {
    connectionName: 'crema-streams',
    keepAlive: KEEP_ALIVE_MS,
    connectTimeout: 2_000,
    maxRetriesPerRequest: null,
    retryStrategy: () => RETRY_MS,
  });
  sayOnceAway(redis, logger, 'streams are a second behind');
  redis.on('ready', wake);
  redis.on('message', wake);
  // What fails is tried again with the next connection.
  redis.subscribe(CHANNEL).catch(() => undefined);
  return () => redis.disconnect();
}
