import type { OrderEvent } from '../order/order.ts';

/** The types of events that a webhook can receive. */
export type WebhookEvent = OrderEvent['type'];

/** The type of the event that a manager sends to test a webhook. */
export const TEST_EVENT = 'webhook.test';

/** Why a webhook is disabled. `manager`: by a manager; `gone`: by a 410 response; `failing`: all attempts failed for too long. */
export const disabledReasons = ['manager', 'gone', 'failing'] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** The outcomes of a delivery. `dropped`: its webhook was disabled before the delivery succeeded. */
export const deliveryOutcomes = ['pending', 'delivered', 'gone', 'dropped', 'given_up'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** The maximum number of webhooks of a shop. The worker has activity slots for all of them. */
export const MAX_WEBHOOKS = 50;

/** The maximum number of events that one request redelivers. */
export const MAX_REDELIVERED = 1_000;

/** How long a replaced secret stays valid, in ms. */
export const SECRET_OVERLAP_MS = 24 * 60 * 60 * 1_000;

/** An external endpoint that receives events. */
export interface Webhook {
  id: string;
  url: string;
  description: string;
  events: WebhookEvent[];
  /** Null while the webhook is enabled. */
  disabled: { reason: DisabledReason; at: string } | null;
  /** Time of the first failure after the last success; null if the last attempt succeeded. */
  failingSince: string | null;
  /** Increases with every change of the webhook, but not with deliveries. */
  version: number;
  createdAt: string;
  updatedAt: string;
}

export type NewWebhook = Pick<Webhook, 'url' | 'description' | 'events'> & { enabled: boolean };

/** @param now RFC 3339 UTC */
export function createWebhook(id: string, { enabled, ...fields }: NewWebhook, now: string): Webhook {
  const disabled = enabled ? null : ({ reason: 'manager', at: now } as const);
  return { id, ...fields, disabled, failingSince: null, version: 1, createdAt: now, updatedAt: now };
}

/** Returns the changed webhook, or the same object if the change makes no difference. @param now RFC 3339 UTC */
export function changeWebhook(webhook: Webhook, change: Partial<NewWebhook>, now: string): Webhook {
  const { enabled = !webhook.disabled, url = webhook.url, description = webhook.description } = change;
  const events = change.events ?? webhook.events;
  const switched = enabled !== !webhook.disabled;
  const moved = url !== webhook.url;
  const sameEvents = events.length === webhook.events.length && events.every((each) => webhook.events.includes(each));
  if (!switched && !moved && description === webhook.description && sameEvents) return webhook;
  return {
    ...webhook,
    url,
    description,
    events,
    ...(switched && { disabled: enabled ? null : { reason: 'manager', at: now } }),
    // Failures before a webhook was enabled, disabled or moved to another URL do not count.
    failingSince: switched || moved ? null : webhook.failingSince,
    version: webhook.version + 1,
    updatedAt: now,
  };
}
