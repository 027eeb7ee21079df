import type { OptionGroup } from '../domain/catalog/option-group.ts';
import { CHOICE_COLUMNS, type ChoiceRow, toChoice, toChoiceRow } from './choices.ts';
import type { Database } from './connection.ts';
import { writeNamed } from './name-taken.ts';

/** Reads and writes option groups with all of their options. */
export function createOptionGroupRepository(database: Database) {
  const groups = () => database('option_groups').select(COLUMNS);

  return {
    /** Returns option groups in the order of their positions and names. */
    list: ({ includeDeleted }: { includeDeleted: boolean }): Promise<OptionGroup[]> => {
      const all = groups().orderBy(['position', 'name', 'id']);
      return withOptions(database, includeDeleted ? all : all.whereNull('deleted_at'));
    },

    /** Returns an option group, deleted or not. */
    find: async (id: string): Promise<OptionGroup | undefined> =>
      (await withOptions(database, groups().where({ id })))[0],

    /** Like `find`, but also locks the group until the transaction ends. */
    findForUpdate: async (id: string): Promise<OptionGroup | undefined> =>
      (await withOptions(database, groups().where({ id }).forUpdate()))[0],

    /** Returns those of the groups that are not deleted, and prevents changes of them until the transaction ends. */
    findLiveForShare: (ids: readonly string[]): Promise<Pick<OptionGroup, 'id' | 'min' | 'max'>[]> =>
      database('option_groups')
        .select('id', 'min', 'max')
        .whereIn('id', ids)
        .whereNull('deleted_at')
        .orderBy('id')
        .forShare(),

    /** Inserts or updates an option group and its options. @throws {NameTaken} */
    save: (group: OptionGroup): Promise<void> =>
      writeNamed(group.name, async () => {
        await database('option_groups').insert(toRow(group)).onConflict('id').merge();
        const options = group.options.map((option) => ({ ...toChoiceRow(option), option_group_id: group.id }));
        if (options.length > 0) await database('options').insert(options).onConflict('id').merge();
      }),
  };
}

export type OptionGroupRepository = ReturnType<typeof createOptionGroupRepository>;

async function withOptions(database: Database, groups: PromiseLike<OptionGroupRow[]>): Promise<OptionGroup[]> {
  const rows = await groups;
  const options: (ChoiceRow & { option_group_id: string })[] = await database('options')
    .select('option_group_id', ...CHOICE_COLUMNS)
    .whereIn(
      'option_group_id',
      rows.map(({ id }) => id),
    )
    .orderBy(['position', 'name', 'id']);
  const byGroup = Map.groupBy(options, ({ option_group_id }) => option_group_id);
  return rows.map((row) => toOptionGroup(row, byGroup.get(row.id) ?? []));
}

interface OptionGroupRow
  extends Pick<OptionGroup, 'id' | 'name' | 'min' | 'max' | 'position' | 'currency' | 'version'> {
  created_at: Date;
  updated_at: Date;
  deleted_at: Date | null;
}

// Listed, because a newer version may have added columns.
const COLUMNS = [
  'id',
  'name',
  'min',
  'max',
  'position',
  'currency',
  'version',
  'created_at',
  'updated_at',
  'deleted_at',
] as const;

function toOptionGroup(row: OptionGroupRow, options: ChoiceRow[]): OptionGroup {
  const { created_at, updated_at, deleted_at, ...fields } = row;
  return {
    ...fields,
    options: options.map((option) => toChoice(option, fields.currency)),
    createdAt: created_at.toISOString(),
    updatedAt: updated_at.toISOString(),
    deletedAt: deleted_at?.toISOString() ?? null,
  };
}

const toRow = ({ options: _, createdAt, updatedAt, deletedAt, ...fields }: OptionGroup) => ({
  ...fields,
  created_at: createdAt,
  updated_at: updatedAt,
  deleted_at: deletedAt,
});
