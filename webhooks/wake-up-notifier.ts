import type { Logger } from '../config/logger.ts';
import { connectOptionalRedis } from '../config/redis-connection.ts';

/** The Redis channel that wakes the dispatcher when managers have requested deliveries. Its messages are empty. */
export const WEBHOOKS_CHANNEL = 'webhooks';

/** Wakes the dispatcher of webhooks in the worker. */
export interface WakeUpNotifier {
  /** Publishes a wake-up and returns at once. A lost one costs a second: the dispatcher also polls. */
  notify(): void;
  close(): void;
}

/** Returns a notifier on a Redis connection of its own. @param url of Redis */
export function createWakeUpNotifier(url: string, logger: Pick<Logger, 'warn'>): WakeUpNotifier {
  const redis = connectOptionalRedis(
    url,
    { connectionName: 'crema-webhooks' },
    { logger, consequence: 'requested webhook deliveries start up to a second later' },
  );
  return {
    notify: () => void redis.publish(WEBHOOKS_CHANNEL, '').catch(() => undefined),
    close: () => redis.disconnect(),
  };
}
