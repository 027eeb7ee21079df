import type { Knex } from 'knex';
import { createIndexes, lockNames, NAME_KEY, numberTwins } from './20261129_14_names.ts';

/** `Default_Ignorable_Code_Point` of Unicode: invisible characters. */
const IGNORABLE = String.raw`\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff`;

/** `White_Space` of Unicode, and the braille cell without dots. */
const BLANK = String.raw`\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u2800\u3000`;

/**
 * Compares names in the same way in every locale, and ignores invisible characters and repeated spaces. Adds numbers to names
 * that are then the same, as migration 14 does.
 */
export async function up(knex: Knex): Promise<void> {
  await change(
    knex,
    `name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
      RETURN lower(upper(
        btrim(regexp_replace(normalize(regexp_replace(name, '[${IGNORABLE}]', '', 'g'), NFC), '[${BLANK}]+', ' ', 'g'))
        COLLATE "und-x-icu"
      ))`,
  );
}

export const down = (knex: Knex): Promise<void> => change(knex, NAME_KEY);

async function change(knex: Knex, nameKey: string): Promise<void> {
  await lockNames(knex);
  await knex.raw('DROP INDEX products_name_on_sale, variations_name_on_sale, services_name_key');
  await knex.raw(`CREATE OR REPLACE FUNCTION ${nameKey}`);
  await numberTwins(knex);
  await createIndexes(knex);
}
