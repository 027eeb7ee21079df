import { randomBytes, randomUUID } from 'node:crypto';
import type { UnitOfWork, Work } from '../../db/unit-of-work.ts';
import type { WebhookDelivery, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import {
  changeWebhook,
  createWebhook,
  MAX_WEBHOOKS,
  type NewWebhook,
  SECRET_OVERLAP,
  TEST_EVENT,
  type Webhook,
} from '../../domain/webhook/webhook.ts';
import type { WebhookAddresses } from '../../webhooks/endpoint-policy.ts';
import { type ExpectedVersions, type VersionMismatch, versionMismatch } from '../http/entity-tags.ts';

/** Why something about a webhook was not done. */
export type WebhookRefusal =
  | { refused: 'not_found' | 'webhook_disabled' | 'too_many_webhooks' | 'too_many_events' }
  | VersionMismatch
  | { refused: 'invalid_url'; fault: string };

/** A webhook with the secret that it has just got. */
export type WebhookWithSecret = Webhook & { secret: string };

/** What managers do about webhooks. Whatever is to be sent is written down, and the worker's dispatcher sends it. */
export interface WebhookService {
  create(fields: NewWebhook): Promise<WebhookWithSecret | WebhookRefusal>;
  /** @param expected refuses when the webhook is at another version */
  change(id: string, expected: ExpectedVersions, change: Partial<NewWebhook>): Promise<Webhook | WebhookRefusal>;
  remove(id: string, expected: ExpectedVersions): Promise<WebhookRefusal | undefined>;
  /** Gives it a new secret; the one before signs as well for a while. */
  rotate(id: string, expected: ExpectedVersions): Promise<WebhookWithSecret | WebhookRefusal>;
  test(id: string): Promise<WebhookDelivery | WebhookRefusal>;
  redeliver(id: string, deliveryId: string): Promise<WebhookDelivery | WebhookRefusal>;
  redeliverRange(id: string, range: { from: string; to: string }): Promise<{ count: number } | WebhookRefusal>;
}

interface Dependencies {
  webhooks: WebhookRepository;
  deliveries: WebhookDeliveryRepository;
  unitOfWork: UnitOfWork;
  addresses: Pick<WebhookAddresses, 'faultOf'>;
  /** Keeps a secret safe in Postgres. */
  seal(secret: string): Promise<Buffer>;
  /** Tells the dispatcher that there is something to be sent. */
  wakeDispatcher(): void;
}

/** Standard Webhooks: 24 to 64 random bytes. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

export function createWebhookService({
  webhooks,
  deliveries,
  unitOfWork,
  addresses,
  seal,
  wakeDispatcher,
}: Dependencies): WebhookService {
  const create: WebhookService['create'] = async (fields) => {
    const fault = await addresses.faultOf(new URL(fields.url));
    if (fault) return { refused: 'invalid_url', fault };
    const secret = newSecret();
    const sealed = await seal(secret);
    return unitOfWork(async ({ webhooks }) => {
      if ((await webhooks.countForUpdate()) >= MAX_WEBHOOKS) return { refused: 'too_many_webhooks' };
      const webhook = createWebhook(randomUUID(), fields, new Date().toISOString());
      await webhooks.add(webhook, sealed);
      return { ...webhook, secret };
    });
  };

  const change: WebhookService['change'] = async (id, expected, wanted) => {
    const fault = wanted.url && (await addresses.faultOf(new URL(wanted.url)));
    if (fault) return { refused: 'invalid_url', fault };
    return onCurrent(id, expected, async ({ webhooks }, webhook) => {
      const changed = changeWebhook(webhook, wanted, new Date().toISOString());
      if (changed !== webhook) await webhooks.save(changed);
      return changed;
    });
  };

  const remove: WebhookService['remove'] = (id, expected) =>
    onCurrent<undefined>(id, expected, async ({ webhooks }) => {
      await webhooks.remove(id);
      return undefined;
    });

  const rotate: WebhookService['rotate'] = async (id, expected) => {
    const secret = newSecret();
    const sealed = await seal(secret);
    return onCurrent(id, expected, async ({ webhooks }, webhook) => {
      const now = Date.now();
      const rotated = { ...webhook, version: webhook.version + 1, updatedAt: new Date(now).toISOString() };
      await webhooks.replaceSecret(rotated, sealed, new Date(now + SECRET_OVERLAP));
      return { ...rotated, secret };
    });
  };

  const test: WebhookService['test'] = (id) => ifEnabled(id, () => deliveries.ask(id, { type: TEST_EVENT }));

  const redeliver: WebhookService['redeliver'] = (id, deliveryId) =>
    ifEnabled<WebhookDelivery | WebhookRefusal>(id, async () => {
      const delivery = await deliveries.find(id, deliveryId);
      return delivery ? deliveries.ask(id, delivery) : { refused: 'not_found' };
    });

  const redeliverRange: WebhookService['redeliverRange'] = (id, range) =>
    ifEnabled<{ count: number } | WebhookRefusal>(id, async (webhook) => {
      const count = await deliveries.askRange(webhook, range);
      return count === undefined ? { refused: 'too_many_events' } : { count };
    });

  /** Works on a webhook at the version that is expected, and nobody else at the same time. */
  function onCurrent<Result>(
    id: string,
    expected: ExpectedVersions,
    work: (repositories: Work, webhook: Webhook) => Promise<Result>,
  ): Promise<Result | WebhookRefusal> {
    return unitOfWork<Result | WebhookRefusal>(async (repositories) => {
      const webhook = await repositories.webhooks.findForUpdate(id);
      if (!webhook) return { refused: 'not_found' };
      const mismatch = versionMismatch(expected, webhook.version);
      if (mismatch) return mismatch;
      return work(repositories, webhook);
    });
  }

  async function ifEnabled<Result>(
    id: string,
    work: (webhook: Webhook) => Promise<Result>,
  ): Promise<Result | WebhookRefusal> {
    const webhook = await webhooks.find(id);
    if (!webhook) return { refused: 'not_found' };
    if (webhook.disabled) return { refused: 'webhook_disabled' };
    const result = await work(webhook);
    wakeDispatcher();
    return result;
  }

  return { create, change, remove, rotate, test, redeliver, redeliverRange };
}
