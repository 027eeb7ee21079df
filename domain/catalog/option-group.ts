import {
  type CatalogRefusal,
  type Choice,
  commandsOn,
  type Entry,
  type FieldFault,
  type InvalidFields,
  newEntry,
  touched,
} from './choices.ts';

/** How many options of a group a line may have. Each option counts as often as it is chosen. */
export interface Limits {
  min: number;
  max: number;
}

/** The highest `max` of an option group. */
export const MAX_CHOSEN = 20;

/** A group of options that products share, such as kinds of milk. Postgres enforces that names are unique. */
export interface OptionGroup extends Entry, Limits {
  id: string;
  name: string;
  position: number;
  /** ISO 4217; of the prices of its options. */
  currency: string;
  options: Choice[];
}

/** An option group of a product, with the product's own limits. */
export interface ListedOptionGroup extends Partial<Limits> {
  id: string;
  /** Present if the group is deleted. The product then has the group again once it is restored. */
  isDeleted?: true;
}

export type NewOptionGroup = Pick<OptionGroup, 'name' | 'min' | 'max' | 'position' | 'currency'>;

export const {
  remove: deleteOptionGroup,
  restore: restoreOptionGroup,
  addChoice: addOption,
  changeChoice: changeOption,
  deleteChoice: deleteOption,
  restoreChoice: restoreOption,
  choicesAsOf: optionGroupAsOf,
} = commandsOn<OptionGroup, 'options'>('options');

export const createOptionGroup = (id: string, fields: NewOptionGroup, now: string): OptionGroup | InvalidFields =>
  validLimits({ id, ...fields, options: [], ...newEntry(now) }, fields);

export function changeOptionGroup(
  group: OptionGroup,
  change: Partial<NewOptionGroup>,
  now: string,
): OptionGroup | CatalogRefusal {
  if (group.deletedAt) return { refused: 'not_found' };
  return validLimits(touched({ ...group, ...change }, now), change);
}

function validLimits(group: OptionGroup, { max }: Partial<Limits>): OptionGroup | InvalidFields {
  if (group.min <= group.max) return group;
  const fault =
    max === undefined
      ? { path: ['min'], detail: `must be at most ${group.max}, the value of max` }
      : { path: ['max'], detail: `must be at least ${group.min}, the value of min` };
  return { refused: 'invalid_request', faults: [fault] };
}

/** Returns the limits of a group on a product. */
const limitsOn = (group: Limits, own: Partial<Limits>): Limits => ({
  min: own.min ?? group.min,
  max: own.max ?? group.max,
});

/**
 * Returns the faults in a product's list of option groups.
 *
 * @param live the groups of the list that exist and are not deleted, by id
 */
export function faultsOfList(list: readonly ListedOptionGroup[], live: ReadonlyMap<string, Limits>): FieldFault[] {
  const faults: FieldFault[] = [];
  const seen = new Set<string>();
  for (const [index, own] of list.entries()) {
    const at = (field: string, detail: string) => faults.push({ path: ['optionGroups', index, field], detail });
    const group = live.get(own.id);
    if (!group) at('id', 'is not an option group, or is deleted');
    else if (seen.has(own.id)) at('id', 'occurs twice');
    else {
      const { min, max } = limitsOn(group, own);
      if (min > max && own.min !== undefined) at('min', `must be at most ${max}, the value of max`);
      else if (min > max) at('max', `must be at least ${min}, the value of min`);
    }
    seen.add(own.id);
  }
  return faults;
}

/** Returns the faults of a group's limits on the products that have limits of their own. */
export function faultsOnProducts(
  group: Limits,
  products: readonly (Partial<Limits> & { name: string })[],
): FieldFault[] {
  return products.flatMap(({ name, ...own }): FieldFault[] => {
    const { min, max } = limitsOn(group, own);
    if (min <= max) return [];
    return own.min === undefined
      ? [{ path: ['min'], detail: `must be at most ${max}, because ${name} has this max` }]
      : [{ path: ['max'], detail: `must be at least ${min}, because ${name} has this min` }];
  });
}
