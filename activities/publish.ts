import { cancellationSignal, log } from '@temporalio/activity';
import { type DeliveryLedger, isSettled } from '../db/deliveries.ts';
import { ORDERS_CHANNEL, toCloudEvent } from '../domain/order/cloud-event.ts';
import type { Fact } from '../domain/order/order.ts';
import { toJsonLine } from '../domain/text.ts';
import { trackOutages } from './outages.ts';

/** The commands of a Redis client that publishing uses. */
export interface Publisher {
  eval(script: string, keys: number, ...keysAndArguments: (string | number)[]): Promise<unknown>;
  ping(): Promise<unknown>;
}

/** The Redis stream and its approximate length. It is for consumers that reconnect or share the work. */
const STREAM = 'orders:events';
const STREAM_LENGTH = 10_000;

/** The deduplication window, in seconds. Equals the time for which the workflow retries (`GIVE_UP_AFTER_MS.redis`). */
const DEDUPLICATION_S = 3_600;

/**
 * Publishes a message once, in one atomic round trip. After a timeout it is unknown whether Redis published the message, so the
 * script itself rejects duplicates. The braces in the second key's name keep both keys in one slot of a cluster.
 */
const publishOnce = `
  if not redis.call('SET', KEYS[2], 1, 'NX', 'EX', ${DEDUPLICATION_S}) then return 0 end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${STREAM_LENGTH}, '*', 'event', ARGV[1])
  redis.call('PUBLISH', '${ORDERS_CHANNEL}', ARGV[1])
  redis.call('PUBLISH', '${ORDERS_CHANNEL}:' .. ARGV[2], ARGV[1])
  return 1`;

interface Dependencies {
  redis: Publisher;
  ledger: DeliveryLedger;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
}

/** Publishes facts to Redis as CloudEvents, in order and each only once. */
export function createPublishing({ redis, ledger, publicUrl }: Dependencies) {
  const outages = trackOutages();

  async function publishOne(fact: Fact): Promise<void> {
    // The activity is cancelled when the order continues as new or the worker stops. The workflow's next run, or a retry,
    // publishes the remaining facts.
    cancellationSignal().throwIfAborted();
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
      // When a frozen Redis resumes, it executes the commands that it has received. After a failure, a message is therefore sent
      // only after Redis has answered PING.
      if (outages.hasFailed()) await redis.ping();
      await redis.eval(publishOnce, 2, STREAM, `{${STREAM}}:told:${id}`, message, orderId);
      outages.succeeded();
    } catch (error) {
      outages.failed();
      throw error;
    }
  }

  /** @throws when Redis or the ledger is unavailable */
  async function publish(facts: Fact[]): Promise<void> {
    for (const fact of facts) await publishOne(fact);
  }

  /** Publishes unless Redis has just failed. @returns the number of published facts, which precede the unpublished ones */
  async function publishIfAvailable(facts: Fact[]): Promise<number> {
    if (outages.isUnavailable()) return 0;
    let published = 0;
    try {
      for (const fact of facts) {
        await publishOne(fact);
        published += 1;
      }
    } catch (error) {
      log.warn('publishing failed; the workflow retries', { error });
    }
    return published;
  }

  return { publish, publishIfAvailable };
}

export type Publishing = ReturnType<typeof createPublishing>;
