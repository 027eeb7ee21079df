import type { WebhookDelivery } from '../../db/webhook-deliveries.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';

/** Returns a webhook as the API shows it. The secret is included if the webhook has just got it. */
export const toWebhookResource = <Shown extends Webhook>(webhook: Shown) => ({
  ...webhook,
  enabled: webhook.disabled === null,
});

/** Returns a delivery as the API shows it. */
export const toDeliveryResource = ({ seq: _, lastAttempts, ...delivery }: WebhookDelivery) => ({
  ...delivery,
  lastAttempts: lastAttempts.map(({ at, status, duration, error, response }) => ({
    at,
    status,
    duration,
    error,
    response,
  })),
});
