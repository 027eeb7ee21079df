import type { WebhookRepository } from '../../db/webhooks.ts';
import { renderWebhookEmail } from '../email/templates/webhook-email.ts';
import { type Mailer, PermanentRefusal } from '../email/transport/mailer.ts';

interface Dependencies {
  webhooks: Pick<WebhookRepository, 'find'>;
  mailer: Mailer;
  /** The shop's own address. */
  ordersEmail: string;
}

/** Tells the shop by email that a webhook is disabled, if it still is. */
export function createWebhookNotice({ webhooks, mailer, ordersEmail }: Dependencies) {
  return async (webhookId: string): Promise<'sent' | 'refused' | 'unneeded'> => {
    const webhook = await webhooks.find(webhookId);
    if (webhook?.disabled?.reason !== 'failing') return 'unneeded';
    const { id, version, description, url, failingSince, disabled } = webhook;
    const content = renderWebhookEmail({
      id,
      description,
      host: new URL(url).host,
      failingSince: failingSince ?? disabled.at,
    });
    try {
      await mailer.send({ to: ordersEmail, eventId: `webhook-${id}:${version}`, recipient: 'shop', ...content });
      return 'sent';
    } catch (error) {
      if (error instanceof PermanentRefusal) return 'refused';
      throw error;
    }
  };
}
