import type { Logger } from '../config/logger.ts';
import { connectOptionalRedis } from '../config/redis-connection.ts';

/** The Redis channel that wakes the dispatcher when managers have requested deliveries. Its messages are empty. */
export const WEBHOOKS_CHANNEL = 'webhooks';

/** Returns a notifier that wakes the dispatcher in the worker. It has its own connection to Redis. */
export function createWakeUpNotifier(url: string, logger: Pick<Logger, 'warn'>) {
  const redis = connectOptionalRedis(
    url,
    { connectionName: 'crema-webhooks' },
    { logger, consequence: 'requested webhook deliveries start up to a second later' },
  );
  return {
    /** Publishes a wake-up and returns at once. If the wake-up is lost, the dispatcher polls within a second. */
    notify: () => void redis.publish(WEBHOOKS_CHANNEL, '').catch(() => undefined),
    close: () => redis.disconnect(),
  };
}
