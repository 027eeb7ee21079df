import { randomBytes, randomUUID } from 'node:crypto';
import type { UnitOfWork, Work } from '../../db/unit-of-work.ts';
import type { WebhookDelivery, WebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import type { WebhookRepository } from '../../db/webhooks.ts';
import {
  changeWebhook,
  createWebhook,
  MAX_WEBHOOKS,
  type NewWebhook,
  SECRET_OVERLAP_MS,
  TEST_EVENT,
  type Webhook,
} from '../../domain/webhook/webhook.ts';
import type { EndpointPolicy } from '../../webhooks/endpoint-policy.ts';
import { type ExpectedVersions, ofExpectedVersion, type VersionMismatch } from '../http/entity-tags.ts';

/** Why a request about a webhook is rejected. */
export type WebhookRefusal =
  | { refused: 'not_found' | 'webhook_disabled' | 'too_many_webhooks' | 'too_many_events' }
  | VersionMismatch
  | { refused: 'invalid_url'; fault: string };

/** A webhook with its new secret. */
type WebhookWithSecret = Webhook & { secret: string };

interface Dependencies {
  webhooks: WebhookRepository;
  deliveries: WebhookDeliveryRepository;
  unitOfWork: UnitOfWork;
  endpointPolicy: Pick<EndpointPolicy, 'faultOf'>;
  /** Encrypts a secret for Postgres. */
  seal(secret: string): Promise<Buffer>;
  /** Wakes up the dispatcher in the worker, which sends the requested deliveries. */
  wakeDispatcher(): void;
}

/** Returns a secret of 32 random bytes. Standard Webhooks requires 24 to 64. */
const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** Manages webhooks and requests deliveries. */
export function createWebhookService({
  webhooks,
  deliveries,
  unitOfWork,
  endpointPolicy,
  seal,
  wakeDispatcher,
}: Dependencies) {
  /** Locks a webhook and runs work on it, if the webhook has an expected version. */
  function onExpectedVersion<Result>(
    id: string,
    expected: ExpectedVersions,
    work: (repositories: Work, webhook: Webhook) => Promise<Result>,
  ): Promise<Result | WebhookRefusal> {
    return unitOfWork<Result | WebhookRefusal>(async (repositories) => {
      const webhook = ofExpectedVersion(await repositories.webhooks.findForUpdate(id), expected);
      return 'refused' in webhook ? webhook : work(repositories, webhook);
    });
  }

  async function ifEnabled<Result>(
    id: string,
    request: (webhook: Webhook) => Promise<Result>,
  ): Promise<Result | WebhookRefusal> {
    const webhook = await webhooks.find(id);
    if (!webhook) return { refused: 'not_found' };
    if (webhook.disabled) return { refused: 'webhook_disabled' };
    const result = await request(webhook);
    wakeDispatcher();
    return result;
  }

  return {
    async create(fields: NewWebhook): Promise<WebhookWithSecret | WebhookRefusal> {
      const fault = await endpointPolicy.faultOf(new URL(fields.url));
      if (fault) return { refused: 'invalid_url', fault };
      const secret = newSecret();
      const sealed = await seal(secret);
      return unitOfWork(async ({ webhooks }) => {
        if ((await webhooks.countForUpdate()) >= MAX_WEBHOOKS) return { refused: 'too_many_webhooks' };
        const webhook = createWebhook(randomUUID(), fields, new Date().toISOString());
        await webhooks.add(webhook, sealed);
        return { ...webhook, secret };
      });
    },

    async change(
      id: string,
      expected: ExpectedVersions,
      wanted: Partial<NewWebhook>,
    ): Promise<Webhook | WebhookRefusal> {
      const fault = wanted.url && (await endpointPolicy.faultOf(new URL(wanted.url)));
      if (fault) return { refused: 'invalid_url', fault };
      return onExpectedVersion(id, expected, async ({ webhooks }, webhook) => {
        const changed = changeWebhook(webhook, wanted, new Date().toISOString());
        if (changed !== webhook) await webhooks.save(changed);
        return changed;
      });
    },

    remove: (id: string, expected: ExpectedVersions) =>
      onExpectedVersion<undefined>(id, expected, async ({ webhooks }) => {
        await webhooks.remove(id);
        return undefined;
      }),

    /** Replaces the secret. The previous secret stays valid for a day. */
    async rotate(id: string, expected: ExpectedVersions): Promise<WebhookWithSecret | WebhookRefusal> {
      const secret = newSecret();
      const sealed = await seal(secret);
      return onExpectedVersion(id, expected, async ({ webhooks }, webhook) => {
        const now = Date.now();
        const rotated = { ...webhook, version: webhook.version + 1, updatedAt: new Date(now).toISOString() };
        await webhooks.replaceSecret(rotated, sealed, new Date(now + SECRET_OVERLAP_MS));
        return { ...rotated, secret };
      });
    },

    test: (id: string) => ifEnabled(id, () => deliveries.request(id, { type: TEST_EVENT })),

    redeliver: (id: string, deliveryId: string) =>
      ifEnabled<WebhookDelivery | WebhookRefusal>(id, async () => {
        const delivery = await deliveries.find(id, deliveryId);
        return delivery ? deliveries.request(id, delivery) : { refused: 'not_found' };
      }),

    redeliverRange: (id: string, range: { from: string; to: string }) =>
      ifEnabled<{ count: number } | WebhookRefusal>(id, async (webhook) => {
        const count = await deliveries.requestRange(webhook, range);
        return count === undefined ? { refused: 'too_many_events' } : { count };
      }),
  };
}

export type WebhookService = ReturnType<typeof createWebhookService>;
