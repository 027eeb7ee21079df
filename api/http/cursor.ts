import type { z } from 'zod';

/** Where a page ended: the sort key of its last entry. Opaque to clients. */
export const toCursor = (place: readonly string[]): string => Buffer.from(JSON.stringify(place)).toString('base64url');

/** Reads a cursor back; `undefined` for anything that {@link toCursor} did not make of such a place. */
export function fromCursor<Place>(place: z.ZodType<Place>, cursor: string): Place | undefined {
  try {
    return place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    return undefined;
  }
}
