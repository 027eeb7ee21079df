import { z } from 'zod';
import { fromCursor, toCursor } from '../http/cursor.ts';

/** Webhooks are sorted by when they were registered, then by id. */
const webhookPlace = z.tuple([z.iso.datetime(), z.uuid()]);

export const toWebhookCursor = ({ createdAt, id }: { createdAt: string; id: string }): string =>
  toCursor([createdAt, id]);

export function fromWebhookCursor(cursor: string): { createdAt: string; id: string } | undefined {
  const [createdAt, id] = fromCursor(webhookPlace, cursor) ?? [];
  return createdAt !== undefined && id !== undefined ? { createdAt, id } : undefined;
}

/** Deliveries are sorted by their place among all. */
const deliveryPlace = z.tuple([z.string().regex(/^[1-9]\d{0,14}$/)]);

export const toDeliveryCursor = ({ seq }: { seq: number }): string => toCursor([String(seq)]);

export function fromDeliveryCursor(cursor: string): number | undefined {
  const [seq] = fromCursor(deliveryPlace, cursor) ?? [];
  return seq === undefined ? undefined : Number(seq);
}
