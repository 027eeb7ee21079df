import { activityInfo, cancellationSignal, heartbeat, log } from '@temporalio/activity';
import type { DeliveryLedger } from '../db/deliveries.ts';
import { toCloudEvent } from '../domain/order/cloud-event.ts';
import type { Fact } from '../domain/order/order.ts';

/** The part of a Redis client that is needed here. */
export interface Publisher {
  publish(channel: string, message: string): Promise<number>;
  ping(): Promise<unknown>;
}

/** Where every order's events go; each order has a channel of its own besides, `orders:<id>`. */
const CHANNEL = 'orders';

/** Publishes facts to Redis as CloudEvents, in order. */
export function createPublish({ redis, ledger }: { redis: Publisher; ledger: DeliveryLedger }) {
  return async (facts: Fact[]): Promise<void> => {
    // A Redis that hangs hears, once it goes on, everything it was sent meanwhile: no second message before it answers.
    if (activityInfo().attempt > 1) await redis.ping();
    for (const fact of facts) {
      // Who was given up, or is asked to stop, leaves the rest to the next attempt.
      cancellationSignal().throwIfAborted();
      heartbeat();
      const { id: eventId, orderId, requestId } = fact.event;
      if (await ledger.isSettled(eventId, 'redis', CHANNEL)) continue;
      const message = JSON.stringify(toCloudEvent(fact));
      await Promise.all([redis.publish(CHANNEL, message), redis.publish(`${CHANNEL}:${orderId}`, message)]);
      const { attempt } = activityInfo();
      await ledger.record({ eventId, orderId, channel: 'redis', recipient: CHANNEL, outcome: 'sent', attempt });
      log.info('published', { eventId, requestId });
    }
  };
}
