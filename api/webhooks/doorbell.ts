import type { Logger } from '../../config/logger.ts';
import { WEBHOOKS_CHANNEL } from '../../workflows/messages/webhooks.ts';
import { connectWithoutWaiting } from '../http/redis-away.ts';

/** Tells the worker's dispatcher that managers have asked for deliveries. */
export interface Doorbell {
  /** Nobody waits for it, and nothing is lost with it: the dispatcher looks each second by itself. */
  ring(): void;
  close(): void;
}

export function createDoorbell(url: string, logger: Pick<Logger, 'warn'>): Doorbell {
  const redis = connectWithoutWaiting(
    url,
    { connectionName: 'crema-webhooks' },
    { logger, consequence: 'what managers ask of webhooks is begun a second later' },
  );
  return {
    ring: () => void redis.publish(WEBHOOKS_CHANNEL, '').catch(() => undefined),
    close: () => redis.disconnect(),
  };
}
