import { z } from 'zod';

/** Where a page of orders ended: the sort key of its last one. */
const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** Opaque to clients. */
export const toCursor = ({ placedAt, id }: { placedAt: string; id: string }): string =>
  Buffer.from(JSON.stringify([placedAt, id])).toString('base64url');

/** `undefined` for anything that {@link toCursor} did not make. */
export function fromCursor(cursor: string): { placedAt: string; id: string } | undefined {
  try {
    const [placedAt, id] = position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { placedAt, id };
  } catch {
    return undefined;
  }
}
