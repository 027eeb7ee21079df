import type { OrderEvent } from '../order/order.ts';

/** The events that a webhook can hear of. */
export type WebhookEvent = OrderEvent['type'];

/** What a manager sends to try a webhook. */
export const TEST_EVENT = 'webhook.test';

/** Who disabled it: a manager, its endpoint by saying that it is gone (410), or Crema, as everything failed for too long. */
export const disabledReasons = ['manager', 'gone', 'failing'] as const;
export type DisabledReason = (typeof disabledReasons)[number];

/** What can become of a delivery: `dropped` when its webhook is disabled before it could be made. */
export const deliveryOutcomes = ['pending', 'delivered', 'gone', 'dropped', 'given_up'] as const;
export type DeliveryOutcome = (typeof deliveryOutcomes)[number];

/** Most webhooks of a shop: the worker keeps room for all of them at once, so that none waits for another. */
export const MAX_WEBHOOKS = 50;

/** Most events that are delivered again by one request. */
export const MAX_REDELIVERED = 1_000;

/** For how long a secret still signs after it was replaced, in ms. */
export const SECRET_OVERLAP = 24 * 60 * 60 * 1_000;

/** An endpoint of somebody else's that hears of events. */
export interface Webhook {
  id: string;
  url: string;
  description: string;
  events: WebhookEvent[];
  /** `null` while it is enabled. */
  disabled: { reason: DisabledReason; at: string } | null;
  /** When the first attempt failed since the last one that did not. */
  failingSince: string | null;
  /** Goes up with every change, but not with what happens to deliveries. */
  version: number;
  createdAt: string;
  updatedAt: string;
}

export interface NewWebhook {
  url: string;
  description: string;
  events: WebhookEvent[];
  enabled: boolean;
}

/** @param now RFC 3339 UTC */
export function createWebhook(id: string, { enabled, ...fields }: NewWebhook, now: string): Webhook {
  const disabled = enabled ? null : ({ reason: 'manager', at: now } as const);
  return { id, ...fields, disabled, failingSince: null, version: 1, createdAt: now, updatedAt: now };
}

/** The webhook as a manager wants it from now on: the same one, where that makes no difference. */
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
    // Whoever was mended, or is another one, begins with a clean slate.
    failingSince: switched || moved ? null : webhook.failingSince,
    version: webhook.version + 1,
    updatedAt: now,
  };
}
