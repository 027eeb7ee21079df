import { z } from 'zod';
import { invalidRequest } from '../problem.ts';

/** Where a page of orders ended: the sort key of its last one. */
const position = z.tuple([z.iso.datetime(), z.uuid()]);

/** Opaque to clients. */
export const toCursor = ({ placedAt, id }: { placedAt: string; id: string }): string =>
  Buffer.from(JSON.stringify([placedAt, id])).toString('base64url');

/** @throws {Problem} `invalid_request` for anything that {@link toCursor} did not make */
export function fromCursor(cursor: string): { placedAt: string; id: string } {
  try {
    const [placedAt, id] = position.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return { placedAt, id };
  } catch {
    throw invalidRequest([{ parameter: 'cursor', detail: 'must be the nextCursor of an earlier page' }]);
  }
}
