import type { Knex } from 'knex';
import type { DisabledReason, Webhook } from '../domain/webhook/webhook.ts';
import type { Database } from './connection.ts';

/** Selects a page of webhooks, the oldest first. */
export interface WebhookQuery {
  limit: number;
  /** The last webhook of the previous page. */
  after?: readonly [createdAt: string, id: string] | undefined;
}

/** Stores the shop's webhooks. Callers encrypt the secrets. */
export function createWebhookRepository(database: Database) {
  const webhooks = () => database('webhooks');
  const end = () => database.raw('(SELECT coalesce(max(position), 0) FROM order_events)');

  return {
    async list({ limit, after }: WebhookQuery): Promise<Webhook[]> {
      const page = webhooks().orderBy(['created_at', 'id']).limit(limit);
      if (after) page.whereRaw('(created_at, id) > (?, ?)', [new Date(after[0]), after[1]]);
      return (await page).map(toWebhook);
    },

    find: (id: string): Promise<Webhook | undefined> => firstOf(webhooks().where({ id })),

    /** Locks the webhook until the transaction ends. */
    findForUpdate: (id: string): Promise<Webhook | undefined> => firstOf(webhooks().where({ id }).forUpdate()),

    /** Returns the number of webhooks, and blocks changes to them until the transaction ends. */
    async countForUpdate(): Promise<number> {
      await database.raw('LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE');
      return Number((await webhooks().count({ count: '*' }).first())?.count);
    },

    /** Adds a webhook that receives events from now on. */
    async add(webhook: Webhook, secret: Buffer): Promise<void> {
      await webhooks().insert({ ...toRow(webhook), secret, since: end() });
    },

    /** Saves a change. A webhook that is enabled again receives events from now on. */
    async save(webhook: Webhook): Promise<void> {
      await webhooks()
        .where({ id: webhook.id })
        .update({
          ...toRow(webhook),
          since: database.raw('CASE WHEN disabled_reason IS NULL THEN since ELSE ? END', [end()]),
          ...(!webhook.disabled && { notice_due: false }),
        });
    },

    /** Replaces the secret. The previous one stays valid until `oldUntil`. */
    async replaceSecret({ id, version, updatedAt }: Webhook, secret: Buffer, oldUntil: Date): Promise<void> {
      const old_secret = database.ref('secret');
      await webhooks()
        .where({ id })
        .update({ secret, old_secret, old_secret_until: oldUntil, version, updated_at: updatedAt });
    },

    /** Deletes a webhook with its deliveries. */
    async remove(id: string): Promise<void> {
      await webhooks().where({ id }).delete();
    },

    /** Returns the encrypted secrets of all webhooks. */
    secrets: (): Promise<{ id: string; secret: Buffer; old_secret: Buffer | null }[]> =>
      webhooks().select('id', 'secret', 'old_secret'),

    /** Stores a secret that was encrypted again, unless the stored one has changed since it was read. */
    async reseal(id: string, column: 'secret' | 'old_secret', before: Buffer, after: Buffer): Promise<void> {
      await webhooks()
        .where({ id, [column]: before })
        .update({ [column]: after });
    },
  };
}

export type WebhookRepository = ReturnType<typeof createWebhookRepository>;

async function firstOf(query: Knex.QueryBuilder): Promise<Webhook | undefined> {
  const row = await query.first();
  return row && toWebhook(row);
}

interface WebhookRow extends Pick<Webhook, 'id' | 'url' | 'description' | 'events' | 'version'> {
  disabled_reason: DisabledReason | null;
  disabled_at: Date | null;
  failing_since: Date | null;
  created_at: Date;
  updated_at: Date;
}

function toWebhook(row: WebhookRow): Webhook {
  const { id, url, description, events, disabled_reason: reason, disabled_at: at, version } = row;
  return {
    id,
    url,
    description,
    events,
    disabled: reason && at && { reason, at: at.toISOString() },
    failingSince: row.failing_since?.toISOString() ?? null,
    version,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}

function toRow({ disabled, failingSince, createdAt, updatedAt, ...fields }: Webhook) {
  return {
    ...fields,
    disabled_reason: disabled?.reason ?? null,
    disabled_at: disabled?.at ?? null,
    failing_since: failingSince,
    created_at: createdAt,
    updated_at: updatedAt,
  };
}
