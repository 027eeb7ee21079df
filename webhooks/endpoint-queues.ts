import { LRUCache } from 'lru-cache';
import PQueue from 'p-queue';
import { MAX_WEBHOOKS } from '../domain/webhook/webhook.ts';

/** Returns the queue of one webhook's endpoint. The dispatcher and the activity add their attempts to the same queue. */
export type EndpointQueues = (webhookId: string) => PQueue;

/** @param concurrency the maximum number of attempts to one endpoint at the same time */
export function createEndpointQueues(concurrency: number): EndpointQueues {
  const queues = new LRUCache<string, PQueue>({
    max: 2 * MAX_WEBHOOKS,
    memoMethod: () => new PQueue({ concurrency }),
  });
  return (webhookId) => queues.memo(webhookId);
}
