import type { Logger } from '../config/logger.ts';
import type { AttemptOutcome, DueDelivery, WebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import { CLOUD_EVENT_TYPE, toCloudEvent } from '../domain/order/cloud-event.ts';
import { toJsonLine } from '../domain/text.ts';
import { pauseAfter, type RetryPlan } from '../domain/webhook/retry.ts';
import { testEvent } from '../domain/webhook/test-event.ts';
import { type DeliveryOutcome, TEST_EVENT } from '../domain/webhook/webhook.ts';
import type { Reply, Send } from './sender.ts';
import { signatureHeaders } from './signature.ts';

interface Dependencies {
  deliveries: WebhookDeliveryRepository;
  send: Send;
  /** Decrypts a webhook's secret. */
  unseal(sealed: Buffer): Promise<string>;
  /** Base URL of the API as clients see it. */
  publicUrl: string;
  /** A webhook is disabled when all attempts have failed for this time, in ms. */
  disableAfter: number;
  logger: Logger;
}

/** The state of a delivery after an attempt. The next attempt at a pending delivery is due after `pause` ms. */
export type AttemptResult =
  | { outcome: Exclude<DeliveryOutcome, 'pending'> }
  | { outcome: 'pending'; error: string; pause: number };

/**
 * Makes one attempt at a delivery and records it. No request is sent for a settled delivery or to a disabled webhook.
 *
 * @throws {UndecryptablePayload} before the request, if the webhook's secret cannot be decrypted
 */
export type AttemptDelivery = (deliveryId: string, webhookId: string, retry: RetryPlan) => Promise<AttemptResult>;

export function createAttemptDelivery(dependencies: Dependencies): AttemptDelivery {
  const { deliveries, send, unseal, publicUrl, disableAfter, logger } = dependencies;
  return async (id, webhookId, retry) => {
    const delivery = await deliveries.open(id);
    if (!delivery) return { outcome: 'dropped' };
    if (delivery.outcome !== 'pending') return { outcome: delivery.outcome };
    const body = bodyOf(delivery, webhookId, publicUrl);
    if (!delivery.enabled || !body) {
      await deliveries.settle(id, 'dropped');
      return { outcome: 'dropped' };
    }
    const { eventId, url } = delivery;
    const at = new Date();
    const secrets = await Promise.all(delivery.secrets.map(unseal));
    const headers = {
      'content-type': `${CLOUD_EVENT_TYPE}; charset=utf-8`,
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Crema-Webhooks/1',
      ...signatureHeaders(secrets, eventId, at, body),
    };
    const began = performance.now();
    const { pause: requestedPause, ...reply } = await send(url, headers, body);
    const duration = Math.round(performance.now() - began);
    const failingSince = new Date(at.getTime() - disableAfter);
    const attempt = { at, url, duration, outcome: outcomeOf(reply), ...reply };
    const outcome = await deliveries.record({ id, webhookId, failingSince }, attempt);
    logger.info({ eventId, webhookId, status: reply.status, duration, outcome }, 'webhook');
    if (outcome !== 'pending') return { outcome };
    const pause = pauseAfter(delivery.attempts + 1, retry, Math.random(), requestedPause);
    return { outcome, error: reply.error ?? '', pause };
  };
}

/** Returns the body of a delivery's requests, with the same bytes for every attempt; undefined if the event has been deleted. */
function bodyOf(
  { eventId, type, fact, createdAt }: DueDelivery,
  webhookId: string,
  publicUrl: string,
): string | undefined {
  if (type === TEST_EVENT) return toJsonLine(testEvent(eventId, webhookId, createdAt.toISOString(), publicUrl));
  return fact ? toJsonLine(toCloudEvent(fact, publicUrl)) : undefined;
}

function outcomeOf({ status, error }: Reply): AttemptOutcome {
  if (error === null) return 'delivered';
  return status === 410 ? 'gone' : 'pending';
}
