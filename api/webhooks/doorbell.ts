import { Redis } from 'ioredis';
import type { Logger } from '../../config/logger.ts';
import { WEBHOOKS_CHANNEL } from '../../workflows/messages/webhooks.ts';
import { sayOnceAway } from '../redis-away.ts';

/** How often a Redis that is away is tried again, in ms, and how soon the network must say that it is. */
const RETRY_MS = 500;
const KEEP_ALIVE_MS = 10_000;

/** Tells the worker's dispatcher that managers have asked for deliveries. */
export interface Doorbell {
  /** Nobody waits for it, and nothing is lost with it: the dispatcher looks each second by itself. */
  ring(): void;
  close(): void;
}

export function createDoorbell(url: string, logger: Pick<Logger, 'warn'>): Doorbell {
  const redis = new Redis(url, {
    connectionName: 'crema-webhooks',
    keepAlive: KEEP_ALIVE_MS,
    connectTimeout: 2_000,
    // What could not be sent at once is of no use later.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => RETRY_MS,
  });
  sayOnceAway(redis, logger, 'what managers ask of webhooks is begun a second later');
  return {
    ring: () => void redis.publish(WEBHOOKS_CHANNEL, '').catch(() => undefined),
    close: () => redis.disconnect(),
  };
}
