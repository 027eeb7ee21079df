import type { EmailSuppressions } from '../db/email-suppressions.ts';
import type { WebhookRepository } from '../db/webhooks.ts';
import { renderWebhookEmail } from '../mail/templates/webhook-email.ts';
import type { Mailer } from './email/mailer.ts';
import type { ShopSettings } from './email/shop-settings.ts';

interface Dependencies extends ShopSettings {
  webhooks: Pick<WebhookRepository, 'find'>;
  suppressions: Pick<EmailSuppressions, 'reasonFor'>;
  mailer: Mailer;
}

/** Returns an activity that notifies the shop by email that a webhook is disabled, unless it has been enabled again. */
export function createWebhookNotice(dependencies: Dependencies) {
  const { webhooks, suppressions, mailer, ordersEmail, shopLanguage, shopName, timeZone } = dependencies;
  return async (
    webhookId: string,
    cancellation?: AbortSignal,
  ): Promise<'sent' | 'refused' | 'suppressed' | 'unanswered' | 'unneeded'> => {
    const webhook = await webhooks.find(webhookId);
    if (webhook?.disabled?.reason !== 'failing') return 'unneeded';
    if (await suppressions.reasonFor(ordersEmail)) return 'suppressed';
    const { id, version, description, url, failingSince, disabled } = webhook;
    const content = renderWebhookEmail({
      id,
      description,
      host: new URL(url).host,
      failingSince: failingSince ?? disabled.at,
      language: shopLanguage,
      shopName,
      timeZone,
    });
    const email = { to: ordersEmail, eventId: `webhook-${id}:${version}`, recipient: 'shop', ...content };
    return (await mailer.send(email, cancellation)).outcome;
  };
}
