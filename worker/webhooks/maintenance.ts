import type { Logger } from '../../config/logger.ts';
import type { WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import type { Seal } from '../../webhooks/secret-seal.ts';

interface Dependencies {
  deliveries: Pick<WebhookDeliveryRepository, 'deleteBefore'>;
  webhooks: Pick<WebhookRepository, 'secrets' | 'reseal'>;
  seal: Seal;
  logger: Logger;
}

/** How often maintenance runs, in ms. */
const INTERVAL_MS = 60 * 60 * 1_000;

/** The maximum number of deliveries that one run deletes. After a full batch, the next run is due at once. */
const BATCH = 5_000;

/**
 * Returns a function that, once an hour, deletes old deliveries and encrypts the webhooks' secrets with the current key.
 *
 * @param keepFor age at which deliveries are deleted, in ms
 */
export function createMaintenance({ deliveries, webhooks, seal, logger }: Dependencies, keepFor: number) {
  let dueAt = 0;

  async function reseal(webhookId: string, column: 'secret' | 'old_secret', before: Buffer): Promise<void> {
    const secret = await seal.unseal(before).catch((error: unknown) => {
      logger.warn(
        { err: error, webhookId },
        'the secret of a webhook cannot be decrypted, so it was not encrypted again',
      );
    });
    if (secret !== undefined) await webhooks.reseal(webhookId, column, before, await seal.seal(secret));
  }

  return async (): Promise<void> => {
    if (Date.now() < dueAt) return;
    const deleted = await deliveries.deleteBefore(new Date(Date.now() - keepFor), BATCH);
    if (deleted < BATCH) dueAt = Date.now() + INTERVAL_MS;
    for (const { id, ...sealed } of await webhooks.secrets()) {
      for (const column of ['secret', 'old_secret'] as const) {
        const before = sealed[column];
        if (before && seal.isStale(before)) await reseal(id, column, before);
      }
    }
  };
}
