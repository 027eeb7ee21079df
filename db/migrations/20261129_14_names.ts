import type { Knex } from 'knex';

/** The tables with unique names. Names are unique among the `live` rows of a `scope`. The `oldest` of several rows keeps its name. */
const UNIQUE = [
  { table: 'products', scope: 'NULL::uuid', live: 'deleted_at IS NULL', oldest: 'created_at, id' },
  { table: 'variations', scope: 'product_id', live: 'deleted_at IS NULL', oldest: 'position, id' },
  { table: 'services', scope: 'NULL::uuid', live: 'true', oldest: 'created_at, id' },
];

/**
 * Names are stored in NFC, on one line, with a visible character, and are compared without case (`name_key`). Where two names are
 * the same by that rule, the older row keeps its name and the others get a number: `Café`, `Café 2`.
 */
export async function up(knex: Knex): Promise<void> {
  await lockNames(knex);
  // Dropped first, because these indexes would reject some of the new names.
  await knex.raw('DROP INDEX products_name_on_sale, variations_name_on_sale');
  await knex.raw(`CREATE FUNCTION ${NAME_KEY}`);
  const changed: string[] = [];
  for (const { table } of UNIQUE) changed.push(...(await normalizeNames(knex, table)));
  await normalizeNames(knex, 'users');
  await numberTwins(knex, changed);
  await createIndexes(knex);
}

/** The function that makes names comparable. It folds case as the database's locale does. */
export const NAME_KEY = `name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN lower(upper(normalize(name, NFC)))`;

/** Locks the tables exclusively at once. A weaker lock, upgraded later to drop an index, would deadlock with catalog changes. */
export async function lockNames(knex: Knex): Promise<void> {
  await knex.raw('LOCK TABLE products, variations, services IN ACCESS EXCLUSIVE MODE');
}

export async function createIndexes(knex: Knex): Promise<void> {
  await knex.raw('CREATE UNIQUE INDEX products_name_on_sale ON products (name_key(name)) WHERE deleted_at IS NULL');
  await knex.raw(
    'CREATE UNIQUE INDEX variations_name_on_sale ON variations (product_id, name_key(name)) WHERE deleted_at IS NULL',
  );
  // The constraint on the name itself stays, because the statements of API processes of the previous version refer to it.
  await knex.raw('CREATE UNIQUE INDEX services_name_key ON services (name_key(name))');
}

/** The maximum length of a name, in Unicode code points. */
const MAX = 100;

const visible = /[^\p{White_Space}\p{C}\p{M}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Returns a name that the new rules accept. */
function validName(name: string): string {
  const line = name
    .normalize('NFC')
    .replaceAll(/[\u2028\u2029]/g, ' ')
    .trim();
  return visible.test(line) ? shortened(line, MAX) : 'Unnamed';
}

const shortened = (name: string, max: number): string => [...name].slice(0, max).join('').trim();

/** Makes a table's names valid. Returns the product ids of changed products and variations, and the ids of other changed rows. */
async function normalizeNames(knex: Knex, table: string): Promise<string[]> {
  const product = table === 'variations' ? ['product_id'] : [];
  // Names in ASCII are not read, because they were valid before and stay valid.
  const rows = await knex(table)
    .whereRaw(String.raw`name ~ '[^\u0001-\u007f]'`)
    .select('id', 'name', ...product);
  const changed = rows.filter(({ name }) => validName(name) !== name);
  for (const { id, name } of changed) {
    // Users are not locked, so a user may have been renamed since the read.
    await knex(table)
      .where({ id, name })
      .update({ name: validName(name) });
  }
  return changed.map(productOf);
}

/**
 * Adds numbers to names that are the same by `name_key`. Increases the version of each product whose name or variation changed.
 *
 * @param changed the ids of products that have changed already
 */
export async function numberTwins(knex: Knex, changed: string[] = []): Promise<void> {
  const products = new Set(changed);
  for (const unique of UNIQUE) {
    for (const id of await numberTwinsIn(knex, unique)) products.add(id);
  }
  await knex('products')
    .whereIn('id', [...products])
    .update({ version: knex.raw('version + 1'), updated_at: knex.fn.now() });
}

/** Adds the numbers in one table. Returns the product ids of changed products and variations, and the ids of other changed rows. */
async function numberTwinsIn(knex: Knex, { table, scope, live, oldest }: (typeof UNIQUE)[number]): Promise<string[]> {
  const { rows: twins } = await knex.raw(
    `SELECT id, name, product_id FROM (
       SELECT id, name, ${scope} AS product_id,
              row_number() OVER (PARTITION BY ${scope}, name_key(name) ORDER BY ${oldest}) AS turn,
              row_number() OVER (ORDER BY ${oldest}) AS age
       FROM ?? WHERE ${live}
     ) AS named WHERE turn > 1 ORDER BY age`,
    [table],
  );
  for (const twin of twins) {
    let number = 1;
    let free = '';
    while (!free) {
      number += 1;
      const suffix = ` ${number}`;
      const name = shortened(twin.name, MAX - suffix.length) + suffix;
      const others = knex(table).whereRaw(live).whereRaw('name_key(name) = name_key(?)', [name]);
      if (twin.product_id) others.where({ product_id: twin.product_id });
      if (!(await others.first('id'))) free = name;
    }
    await knex(table).where({ id: twin.id }).update({ name: free });
  }
  return twins.map(productOf);
}

const productOf = ({ id, product_id }: { id: string; product_id?: string | null }): string => product_id ?? id;

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX services_name_key, products_name_on_sale, variations_name_on_sale');
  await knex.raw('CREATE UNIQUE INDEX products_name_on_sale ON products (lower(name)) WHERE deleted_at IS NULL');
  await knex.raw(
    'CREATE UNIQUE INDEX variations_name_on_sale ON variations (product_id, lower(name)) WHERE deleted_at IS NULL',
  );
  await knex.raw('DROP FUNCTION name_key(text)');
}
