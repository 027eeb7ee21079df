import { Counter, type Registry } from '@prometheus-io/client';
import type { WebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import type { Mailer } from './email/mailer.ts';

const countOutcomes = (registry: Registry, name: string, help: string) =>
  new Counter({ name, help, labelNames: ['outcome'], registers: [registry] });

/** Counts attempts at emails of every kind by outcome. */
export function countEmails(registry: Registry, mailer: Mailer): Mailer {
  const emails = countOutcomes(
    registry,
    'crema_emails_total',
    'Attempts at emails by outcome: sent, refused (permanently), unanswered (may have arrived), retrying (failed).',
  );
  return {
    ...mailer,
    async send(...attempt) {
      try {
        const sent = await mailer.send(...attempt);
        emails.inc({ outcome: sent.outcome });
        return sent;
      } catch (error) {
        emails.inc({ outcome: 'retrying' });
        throw error;
      }
    },
  };
}

/** Counts attempts at webhook deliveries by outcome, and deliveries that end without an attempt. */
export function countWebhooks(registry: Registry, deliveries: WebhookDeliveryRepository): WebhookDeliveryRepository {
  const webhooks = countOutcomes(
    registry,
    'crema_webhooks_total',
    'Attempts at webhooks by outcome: delivered, gone, pending (failed); ended deliveries: given_up, dropped (disabled).',
  );
  return {
    ...deliveries,
    async record(delivery, attempt) {
      const outcome = await deliveries.record(delivery, attempt);
      webhooks.inc({ outcome });
      return outcome;
    },
    async settle(id, outcome) {
      await deliveries.settle(id, outcome);
      webhooks.inc({ outcome });
    },
  };
}
