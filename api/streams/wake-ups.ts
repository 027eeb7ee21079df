import type { Logger } from '../../config/logger.ts';
import { subscribeToRedis } from '../../config/redis-connection.ts';
import { ORDERS_CHANNEL } from '../../domain/order/cloud-event.ts';

/**
 * Calls `wake` whenever an order event is published in Redis. The content of the message is not used. A lost message only delays
 * streams, because they read every event from the log in Postgres.
 *
 * @returns a function that ends the subscription
 */
export function subscribeToWakeUps(url: string, wake: () => void, logger: Pick<Logger, 'warn'>): () => void {
  const redis = subscribeToRedis(
    url,
    [ORDERS_CHANNEL],
    { connectionName: 'crema-streams' },
    { logger, consequence: 'streams poll once a second instead' },
  );
  redis.on('ready', wake);
  redis.on('message', wake);
  return () => redis.disconnect();
}
