import type { Shop } from '../shop.ts';

/** Returns all texts in a value, at any depth, and its bytes as text. */
export function textsIn(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value !== 'object' || value === null) return String(value);
  const { toJSON: _, ...fields } = value as Record<string, unknown>;
  return Object.entries(fields)
    .map(([name, field]) => `${name} ${textsIn(field)}`)
    .join('\n');
}

/**
 * Returns everything that Temporal stores of a shop's workflows: histories with inputs, results, failures and
 * summaries, memos, search attributes and pending activities.
 */
export async function temporalRecords(shop: Shop): Promise<string> {
  const ids: string[] = await shop.database('orders').pluck('id');
  const records = ids.map(async (id) => {
    const [{ raw }, history] = await Promise.all([shop.workflow(id).describe(), shop.workflow(id).fetchHistory()]);
    return `${textsIn(raw)}\n${textsIn(history)}`;
  });
  return (await Promise.all(records)).join('\n');
}
