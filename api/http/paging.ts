import { z } from 'zod';
import { digits } from './schemas.ts';

const DEFAULT_LIMIT = 20;

/** The `limit` parameter of a list. */
export const limitParameter = digits(1, 100)
  .default(DEFAULT_LIMIT)
  // zod omits the default of a transformed value from the OpenAPI document, so it is added here.
  .meta({ override: { default: DEFAULT_LIMIT } });

/**
 * The `cursor` parameter of a list. @param sortKey the schema of the sort key of a page's last entry, which the cursor contains
 */
export const cursorParameter = <SortKey>(sortKey: z.ZodType<SortKey>, text = z.string()) =>
  text
    .transform((cursor, context) => {
      try {
        return sortKey.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
      } catch {
        context.addIssue('must be the nextCursor of a previous page');
        return z.NEVER;
      }
    })
    .optional()
    .meta({ description: 'The `nextCursor` of the previous page' });

/** The `nextCursor` field of a list. */
export const nextCursor = z
  .string()
  .nullable()
  .meta({ description: 'The `cursor` of the next page; `null` on the last page' });

/** Returns the cursor, opaque to clients, of the page after the entry with this sort key. */
export const toCursor = (sortKey: readonly string[]): string =>
  Buffer.from(JSON.stringify(sortKey)).toString('base64url');

/** Reads one page of a list and the cursor of the next. */
export async function readPage<Row>(
  limit: number,
  read: (limit: number) => Promise<Row[]>,
  sortKeyOf: (row: Row) => readonly string[],
): Promise<{ data: Row[]; nextCursor: string | null }> {
  // A row beyond the limit shows that another page follows.
  const rows = await read(limit + 1);
  const data = rows.slice(0, limit);
  const last = rows.length > limit ? data.at(-1) : undefined;
  return { data, nextCursor: last ? toCursor(sortKeyOf(last)) : null };
}
