import { LRUCache } from 'lru-cache';
import { Webhook } from 'standardwebhooks';
import type {
  AttemptOutcome,
  DueDelivery,
  WebhookAttempt,
  WebhookDeliveryRepository,
} from '../db/webhook-deliveries.ts';
import { CLOUD_EVENT_TYPE, toCloudEvent } from '../domain/order/cloud-event.ts';
import { toJsonLine } from '../domain/text.ts';
import { testEvent } from '../domain/webhook/test-event.ts';
import { MAX_WEBHOOKS, TEST_EVENT } from '../domain/webhook/webhook.ts';
import type { Reply, Send } from './sender.ts';

/** What tries work with; the worker's composition root supplies it. */
interface Dependencies {
  webhookDeliveries: WebhookDeliveryRepository;
  send: Send;
  /** Reads what keeps the secrets safe in Postgres. */
  unseal(sealed: Buffer): Promise<string>;
  /** Where clients see the API. */
  publicUrl: string;
  /** How long everything may fail before a webhook is disabled, in ms. */
  disableAfter: number;
}

/** One try to deliver, and what became of the delivery by it. */
export interface Try extends WebhookAttempt {
  outcome: AttemptOutcome;
  /** Where it was sent. */
  url: string;
  /** For how long the endpoint wants to be left alone, in ms, if it says so. */
  pause: number | undefined;
}

/** What the first tries of the dispatcher, and those of a delivery's workflow, have in common. */
export interface Tries {
  /** Sends it, once. @returns nothing when there is nothing to be sent: the webhook is disabled, or there is no such event any more */
  make(webhookId: string, delivery: DueDelivery): Promise<Try | undefined>;
  /** Writes down how it went, and what that means for the webhook. @returns what became of the delivery */
  record(webhookId: string, id: string, tried: Try): Promise<AttemptOutcome>;
}

export function createTries({ webhookDeliveries, send, unseal, publicUrl, disableAfter }: Dependencies): Tries {
  // The library works a key out anew for each signer: as long as a secret is the same, so is its signer.
  const signers = new LRUCache<string, Webhook>({
    max: 2 * MAX_WEBHOOKS,
    fetchMethod: async (sealed) => new Webhook(await unseal(Buffer.from(sealed, 'base64'))),
  });

  const make: Tries['make'] = async (webhookId, delivery) => {
    const body = bodyOf(delivery, webhookId, publicUrl);
    if (!delivery.enabled || !body) return undefined;
    const at = new Date();
    const began = performance.now();
    const { url } = delivery;
    const { pause, ...reply } = await send(url, await headersFor(delivery, at, body), body);
    return { at, url, duration: Math.round(performance.now() - began), outcome: outcomeOf(reply), pause, ...reply };
  };

  const record: Tries['record'] = (webhookId, id, { pause: _, ...tried }) => {
    const failingSince = new Date(tried.at.getTime() - disableAfter);
    return webhookDeliveries.record({ id, webhookId, failingSince }, tried);
  };

  async function headersFor({ eventId, secrets }: DueDelivery, at: Date, body: string) {
    const all = await Promise.all(secrets.map((sealed) => signers.forceFetch(sealed.toString('base64'))));
    return {
      'content-type': `${CLOUD_EVENT_TYPE}; charset=utf-8`,
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'Crema-Webhooks/1',
      'webhook-id': eventId,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      // Standard Webhooks: one signature for each secret that is good today.
      'webhook-signature': all.map((signer) => signer.sign(eventId, at, body)).join(' '),
    };
  }

  return { make, record };
}

/** The same for every attempt, to the byte; nothing when there is no such event any more. */
function bodyOf(
  { eventId, type, fact, createdAt }: DueDelivery,
  webhookId: string,
  publicUrl: string,
): string | undefined {
  if (type === TEST_EVENT) return toJsonLine(testEvent(eventId, webhookId, createdAt.toISOString(), publicUrl));
  return fact ? toJsonLine(toCloudEvent(fact, publicUrl)) : undefined;
}

function outcomeOf({ status, error }: Reply): Try['outcome'] {
  if (error === null) return 'delivered';
  return status === 410 ? 'gone' : 'pending';
}
