import type { WebhookDelivery } from '../../db/webhook-deliveries.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';

/** A webhook as managers see it; with its secret, if it has just got one. */
export const toWebhookResource = <Shown extends Webhook>(webhook: Shown) => ({
  ...webhook,
  enabled: webhook.disabled === null,
});

/** A delivery as managers see it. */
export function toDeliveryResource({ seq: _, createdAt, settledAt, lastAttempts, ...delivery }: WebhookDelivery) {
  return {
    ...delivery,
    createdAt: createdAt.toISOString(),
    settledAt: settledAt?.toISOString() ?? null,
    lastAttempts: lastAttempts.map(({ at, status, duration, error, response }) => ({
      at: at.toISOString(),
      status,
      duration,
      error,
      response,
    })),
  };
}
