import type { Logger } from '../../config/logger.ts';
import { subscribeToRedis } from '../../config/redis-connection.ts';
import { ORDERS_CHANNEL } from '../../domain/order/cloud-event.ts';

/**
 * Has Redis say that there is something new. What it says does not matter, and that it says nothing only costs time: the
 * log in Postgres has everything.
 *
 * @returns how to end it
 */
export function subscribeToWakeUps(url: string, wake: () => void, logger: Pick<Logger, 'warn'>): () => void {
  const redis = subscribeToRedis(
    url,
    [ORDERS_CHANNEL],
    { connectionName: 'crema-streams' },
    { logger, consequence: 'streams are a second behind' },
  );
  redis.on('ready', wake);
  redis.on('message', wake);
  return () => redis.disconnect();
}
