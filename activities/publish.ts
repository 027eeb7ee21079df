import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { type DeliveryLedger, isSettled } from '../db/deliveries.ts';
import { ORDERS_CHANNEL, toCloudEvent } from '../domain/order/cloud-event.ts';
import type { Fact } from '../domain/order/order.ts';
import { toJsonLine } from '../domain/text.ts';

/** The part of a Redis client that is needed here. */
export interface Publisher {
  eval(script: string, keys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  ping(): Promise<unknown>;
}

/** The stream for consumers that were away or share the work. It keeps about so many entries, the newest. */
const STREAM = 'orders:events';
const STREAM_LENGTH = 10_000;

/** How long Redis knows what it was told, in seconds: as long as it is told again (design §3). */
const TOLD = 3_600;

/**
 * One round trip, all or nothing. Whether a Redis that hung had heard a message nobody knows, so it is told again, and
 * looks itself. The braces keep both keys in one slot of a cluster.
 */
const tell = `
  if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ${TOLD}) then return 0 end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${STREAM_LENGTH}, '*', 'event', ARGV[1])
  redis.call('PUBLISH', '${ORDERS_CHANNEL}', ARGV[1])
  redis.call('PUBLISH', '${ORDERS_CHANNEL}:' .. ARGV[2], ARGV[1])
  return 1`;

/** For how long nothing is published in passing after Redis has failed, in ms. */
const REST = 5_000;

/** Publishes facts to Redis as CloudEvents, in order, each once. */
export interface Publishing {
  /** @throws when Redis, or the ledger, does not answer */
  publish(facts: Fact[]): Promise<void>;
  /** As part of other work, which must hardly wait for a Redis that is away. @returns how many, from the first, are published */
  publishInPassing(facts: Fact[]): Promise<number>;
}

interface Dependencies {
  redis: Publisher;
  ledger: DeliveryLedger;
  /** Where clients see the API. */
  publicUrl: string;
}

export function createPublishing({ redis, ledger, publicUrl }: Dependencies): Publishing {
  /** When Redis last failed, on the monotonic clock, in ms; since it answers again, none. */
  let failedAt: number | undefined;

  async function publishOne(fact: Fact): Promise<void> {
    // Who was given up, or is asked to stop, leaves the rest to the next attempt.
    cancellationSignal().throwIfAborted();
    heartbeat();
    const { id: eventId, orderId, requestId } = fact.event;
    const delivery = { eventId, orderId, audience: 'redis' } as const;
    const before = await ledger.find(eventId, 'redis');
    if (isSettled(before)) return;
    const attempt = (before?.attempt ?? 0) + 1;
    await send(fact).catch(async (error: Error) => {
      await ledger.record({ ...delivery, attempt, outcome: 'retrying', detail: error.message });
      throw error;
    });
    await ledger.record({ ...delivery, attempt, outcome: 'sent' });
    log.info('published', { eventId, requestId });
  }

  async function send(fact: Fact): Promise<void> {
    const { id, orderId } = fact.event;
    const message = toJsonLine(toCloudEvent(fact, publicUrl));
    try {
      // A Redis that hangs hears, once it goes on, everything it was sent meanwhile: no message before it answers again.
      if (failedAt !== undefined) await redis.ping();
      await redis.eval(tell, 2, STREAM, `{${STREAM}}:told:${id}`, message, orderId);
      failedAt = undefined;
    } catch (error) {
      failedAt = performance.now();
      throw error;
    }
  }

  async function publish(facts: Fact[]): Promise<void> {
    for (const fact of facts) await publishOne(fact);
  }

  async function publishInPassing(facts: Fact[]): Promise<number> {
    let published = 0;
    if (failedAt !== undefined && performance.now() - failedAt < REST) return published;
    try {
      for (const fact of facts) {
        await publishOne(fact);
        published += 1;
      }
    } catch (error) {
      log.warn('left to the queue for Redis', { error });
    }
    return published;
  }

  return { publish, publishInPassing };
}
