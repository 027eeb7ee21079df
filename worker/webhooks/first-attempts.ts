import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../config/logger.ts';
import type { TakenDelivery, Untried, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import { pauseAfter, type RetryPlan } from '../../domain/webhook/retry.ts';
import type { Tries } from '../../webhooks/attempts.ts';
import type { Lanes } from '../../webhooks/concurrency-limit.ts';

interface Dependencies {
  tries: Tries;
  deliveries: Pick<WebhookDeliveryRepository, 'recordTaken' | 'settle'>;
  /** Those of the deliveries that have workflows: both together are no more than an endpoint is sent at once. */
  lanes: Lanes;
  logger: Logger;
}

interface Options {
  retry: RetryPlan;
  /** How long an endpoint may take, in ms, and how many an endpoint is sent at once. */
  deadline: number;
  atOnce: number;
}

/** A delivery that needs a workflow, and how long that is to wait before its own first try, in ms. */
export interface HandedOver {
  delivery: Untried;
  pause: number;
}

/** What became of deliveries, besides those that are settled. */
interface Outcome {
  /** They failed, their webhook is none to wait for, or they still are under way: then their workflow waits for that, too. */
  handed: HandedOver[];
  /** Some are as they were, for there was no time for them. */
  left: boolean;
}

/** Makes the first try at deliveries, so that those that their endpoints take need no workflow (docs/adr/0013). */
export interface FirstTries {
  /** Tries deliveries, several at once, and writes down how it went. After a second at most it returns, and those under way go on. */
  make(due: Untried[]): Promise<Outcome>;
  /** Begins no further try, and leaves what it did not begin as it is. Resolves once what was begun has ended. */
  stop(): Promise<void>;
}

/**
 * How long a round begins tries, and how long it lasts at most, in ms. A slow endpoint must not hold up the others. A quick
 * one needs no workflow for the tries that are under way when the time to begin is over.
 */
const BEGIN_MS = 500;
const ROUND_MS = 1_000;

/** How many that were taken are written down together: as many are sent again if the process dies before. */
const WRITTEN_AT_ONCE = 25;

/** How many of a webhook that failed last, or is slow, get workflows at a time: that, too, holds up the others. */
const HANDED_AT_ONCE = 20;

export function createFirstTries({ tries, deliveries, lanes, logger }: Dependencies, options: Options): FirstTries {
  const { retry, deadline, atOnce } = options;
  /** The ids of those that have been sent, and whose end is not known yet. */
  const underWay = new Set<string>();
  /** What goes on in the background. Each has a workflow, so that nobody depends on its end. */
  const behind = new Set<Promise<unknown>>();
  let stopped = false;

  const make: FirstTries['make'] = async (due) => {
    const handed: HandedOver[] = [];
    const queues = new Map<string, Untried[]>();
    const taken: TakenDelivery[] = [];
    const failed = new Set<string>();
    const begun: Untried[] = [];
    const ended = new Set<string>();
    let over = false;

    for (const delivery of due) {
      const { id, webhookId } = delivery;
      // Its workflow could not be started before.
      if (underWay.has(id)) handed.push({ delivery, pause: late() });
      else queues.set(webhookId, [...(queues.get(webhookId) ?? []), delivery]);
    }
    for (const [webhookId, queue] of queues) {
      // Whoever failed last, or is slow, would only be waited for.
      if (!queue[0]?.enabled || !(queue[0].failing || lanes.isSlow(webhookId))) continue;
      failed.add(webhookId);
      ended.add(webhookId);
      handOver(queue);
    }

    function handOver(queue: Untried[]): void {
      for (const delivery of queue.splice(0, HANDED_AT_ONCE)) handed.push({ delivery, pause: 0 });
    }

    async function tryAll(webhookId: string, queue: Untried[]): Promise<void> {
      while (performance.now() < beginsUntil && !stopped && !failed.has(webhookId)) {
        const [delivery] = queue;
        if (!delivery || lanes.enter(webhookId) !== undefined) break;
        queue.shift();
        begun.push(delivery);
        underWay.add(delivery.id);
        const entered = performance.now();
        try {
          await tryOne(delivery);
          ended.add(webhookId);
        } catch (error) {
          // Of this webhook alone, such as a secret that cannot be read: its workflow tries on, and says why in the Web UI.
          logger.warn({ err: error, webhookId, eventId: delivery.eventId }, 'a webhook’s first try came to nothing');
          failed.add(webhookId);
          if (!over) handed.push({ delivery, pause: 0 });
        } finally {
          underWay.delete(delivery.id);
          lanes.leave(webhookId, performance.now() - entered);
        }
      }
    }

    async function tryOne(delivery: Untried): Promise<void> {
      const { id, webhookId, eventId } = delivery;
      const tried = await tries.make(webhookId, delivery);
      if (!tried) return deliveries.settle(id, 'dropped');
      const { status, duration, pause } = tried;
      logger.info({ eventId, webhookId, status, duration, outcome: tried.outcome }, 'webhook');
      if (tried.outcome === 'delivered') {
        taken.push({ id, ...tried });
        if (over || taken.length >= WRITTEN_AT_ONCE) await write();
        return;
      }
      const outcome = await tries.record(webhookId, id, tried);
      failed.add(webhookId);
      if (outcome === 'pending' && !over) {
        handed.push({ delivery, pause: pauseAfter(delivery.attempts + 1, retry, Math.random(), pause) });
      }
    }

    async function write(): Promise<void> {
      if (taken.length > 0) await deliveries.recordTaken(taken.splice(0));
    }

    const beginsUntil = performance.now() + BEGIN_MS;
    const all = [...queues].flatMap(([webhookId, queue]) =>
      Array.from({ length: Math.min(atOnce, queue.length) }, () => tryAll(webhookId, queue)),
    );
    const waiting = new AbortController();
    try {
      await Promise.race([
        Promise.all(all),
        setTimeout(ROUND_MS, undefined, { signal: waiting.signal }).catch(() => undefined),
      ]);
    } finally {
      over = true;
      waiting.abort();
      goOn(all);
    }
    await write();
    for (const delivery of begun) if (underWay.has(delivery.id)) handed.push({ delivery, pause: late() });
    for (const [webhookId, queue] of queues) {
      // Nothing came to an end there, or its lane was full: the next round would fare no better.
      if (!stopped && !ended.has(webhookId)) handOver(queue);
    }
    return { handed, left: [...queues.values()].some((queue) => queue.length > 0) };
  };

  /** When one that is under way must have ended, and may be tried again, in ms from now. */
  const late = (): number => deadline + pauseAfter(1, retry, Math.random());

  function goOn(all: Promise<void>[]): void {
    for (const one of all) {
      const end = one
        .catch((error: unknown) => logger.warn({ err: error }, 'how a webhook’s first try went is not on record'))
        .finally(() => behind.delete(end));
      behind.add(end);
    }
  }

  async function stop(): Promise<void> {
    stopped = true;
    await Promise.all(behind);
  }

  return { make, stop };
}
