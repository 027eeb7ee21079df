import type { Database } from './connection.ts';

/** Returns a function that makes these names comparable, as the unique indexes do (`name_key`). */
export async function readNameKeys(database: Database, names: Iterable<string>): Promise<(name: string) => string> {
  const { rows } = await database.raw<{ rows: { name: string; key: string }[] }>(
    'SELECT name, name_key(name) AS key FROM unnest(?::text[]) AS name',
    [[...new Set(names)]],
  );
  const keys = new Map(rows.map(({ name, key }) => [name, key]));
  return (name) => keys.get(name) ?? name;
}
