import { z } from 'zod';
import { fromCursor, toCursor } from '../http/cursor.ts';

/** Orders are sorted by when they were placed, then by id. */
const place = z.tuple([z.iso.datetime(), z.uuid()]);

export const toOrderCursor = ({ placedAt, id }: { placedAt: string; id: string }): string => toCursor([placedAt, id]);

export function fromOrderCursor(cursor: string): { placedAt: string; id: string } | undefined {
  const [placedAt, id] = fromCursor(place, cursor) ?? [];
  return placedAt !== undefined && id !== undefined ? { placedAt, id } : undefined;
}
