import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Choice, Entry, FieldFault, NewChoice, NotFound } from '../../domain/catalog/choices.ts';
import {
  addOption,
  changeOption,
  changeOptionGroup,
  createOptionGroup,
  faultsOfList,
  faultsOnProducts,
  type Limits,
  type ListedOptionGroup,
  MAX_CHOSEN,
  type OptionGroup,
  optionGroupAsOf,
} from '../../domain/catalog/option-group.ts';
import {
  addVariation,
  changeProduct,
  changeVariation,
  createProduct,
  MAX_OPTION_GROUPS,
  type Product,
  productAsOf,
} from '../../domain/catalog/product.ts';
import type { Fault } from './csv.ts';
import type { ChoiceRow, GroupRow, MenuRow, ProductRow } from './rows.ts';

/** A product or option group before and after an import. It is new if `before` is undefined. */
export interface Planned<E> {
  before: E | undefined;
  after: E;
}

interface Context {
  currency: string;
  now: string;
  /** Makes names comparable. */
  keyOf: (name: string) => string;
  /** Includes those that reading the rows has found. */
  faults: Fault[];
}

/**
 * Plans an import: returns the option groups and products of the rows, and adds the faults. Rows match the items on
 * sale by name. Items without a row do not change.
 *
 * @param menu all option groups and products, deleted ones too
 */
export function planImport(
  rows: readonly MenuRow[],
  menu: { groups: readonly OptionGroup[]; products: readonly Product[] },
  context: Context,
) {
  const { now } = context;
  const groups = createEntries(
    menu.groups.map((group) => optionGroupAsOf(group, now)),
    context,
  );
  const products = createEntries(
    menu.products.map((product) => productAsOf(product, now)),
    context,
  );
  const unique = withPlaces(withoutTwins(rows, context), context);
  for (const row of unique) if (row.kind === 'group') planGroup(row, groups, context);
  for (const row of unique) if (row.kind === 'option') planChoice(row, groups, options, context);
  for (const row of unique) if (row.kind === 'product') planProduct(row, products, groups, context);
  for (const row of unique) if (row.kind === 'variation') planChoice(row, products, variations, context);
  checkLimits(groups, products, new Set(unique.map((row) => (hasList(row) ? row.line : undefined))), context);
  return { groups: groups.planned(), products: products.planned() };
}

const hasList = (row: MenuRow): boolean => row.kind === 'product' && row.optionGroups !== undefined;

/** Returns the rows without those that repeat the name of another. */
function withoutTwins(rows: readonly MenuRow[], { keyOf, faults }: Context): MenuRow[] {
  const seen = new Map<string, number>();
  return rows.filter((row) => {
    const key = JSON.stringify([row.kind, 'parent' in row && keyOf(row.parent), keyOf(row.name)]);
    const first = seen.get(key);
    if (first !== undefined) faults.push({ line: row.line, detail: `name: is the same as in line ${first}` });
    else seen.set(key, row.line);
    return first === undefined;
  });
}

/** A row with its place among the rows of its kind and parent, from 1. */
type Placed<Row extends MenuRow> = Row & { place: number };

function withPlaces(rows: readonly MenuRow[], { keyOf }: Context): Placed<MenuRow>[] {
  const siblings = new Map<string, number>();
  return rows.map((row) => {
    const key = JSON.stringify([row.kind, 'parent' in row && keyOf(row.parent)]);
    const place = (siblings.get(key) ?? 0) + 1;
    siblings.set(key, place);
    return { ...row, place };
  });
}

/** Returns the position that a row gives its item; undefined if the file has no such column. */
const positionOf = ({ position, place }: Placed<MenuRow>) => (position === null ? place : position);

type NamedEntry = Entry & { id: string; name: string };
type Entries<E extends NamedEntry> = ReturnType<typeof createEntries<E>>;

/** Keeps the entries of one kind during an import. @param existing may have deleted entries, which match no row */
function createEntries<E extends NamedEntry>(existing: readonly E[], { keyOf }: Context) {
  const before = new Map(existing.map((entry) => [entry.id, entry]));
  const after = new Map<string, E>(before);
  const ids = new Map(existing.filter(({ deletedAt }) => !deletedAt).map(({ name, id }) => [keyOf(name), id]));
  /** The first line about an entry, by its id. */
  const lines = new Map<string, number>();
  return {
    all: (): E[] => [...after.values()],
    lineOf: (id: string): number | undefined => lines.get(id),
    find: (name: string): E | undefined => after.get(ids.get(keyOf(name)) ?? ''),

    put(entry: E, line: number): void {
      after.set(entry.id, entry);
      ids.set(keyOf(entry.name), entry.id);
      if (!lines.has(entry.id)) lines.set(entry.id, line);
    },

    /** Returns the entries that have rows. The version of a changed entry rises by one, not by one a row. */
    planned: (): Planned<E>[] =>
      [...lines.keys()].map((id) => {
        const [old, entry] = [before.get(id), after.get(id) as E];
        if (!old) return { before: undefined, after: { ...entry, version: 1 } };
        const { version, updatedAt } = old;
        const isSame = isDeepStrictEqual({ ...entry, version, updatedAt }, old);
        return { before: old, after: isSame ? old : { ...entry, version: version + 1 } };
      }),
  };
}

/** Returns the fields without those that the file does not have. */
const present = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>;

/** Returns the faults of a row's fields, which have the names of their columns. */
const faultsAt = (line: number, faults: readonly FieldFault[]): Fault[] =>
  faults.map(({ path, detail }) => ({ line, detail: `${path.join(' ')}: ${detail}` }));

const ANY_LIMITS: Limits = { min: 0, max: MAX_CHOSEN };

function planGroup(row: Placed<GroupRow>, groups: Entries<OptionGroup>, { now, currency, faults }: Context): void {
  const { line, name, min, max, place } = row;
  const position = positionOf(row);
  const old = groups.find(name);
  const create = (limits: Limits) =>
    createOptionGroup(randomUUID(), { name, ...limits, position: position ?? place, currency }, now);
  // The limits of a row with faults must not cause others, here or on products.
  const limits = faults.some((fault) => fault.line === line) ? ANY_LIMITS : { min, max };
  let group = old
    ? changeOptionGroup(old, present({ name, ...limits, position }), now)
    : create({ min: limits.min ?? 0, max: limits.max ?? 1 });
  if ('faults' in group) {
    faults.push(...faultsAt(line, group.faults));
    // Other rows can refer to the group, which is not saved, because there are faults.
    group = old ?? create(ANY_LIMITS);
  }
  if (!('refused' in group)) groups.put(group, line);
}

const DEFAULTS = { description: '', category: null, imageUrl: null, allergens: [], optionGroups: [] };

function planProduct(
  row: Placed<ProductRow>,
  products: Entries<Product>,
  groups: Entries<OptionGroup>,
  context: Context,
): void {
  const { line, kind: _, place, position: __, price, availability, optionGroups: ___, ...fields } = row;
  const old = products.find(row.name);
  const optionGroups = listOf(row, old, groups, context);
  const change = { ...present({ ...fields, position: positionOf(row), optionGroups }), ...availability };
  const product = old
    ? changeProduct(old, { ...change, ...present({ basePrice: price }) }, context.now)
    : createProduct(
        randomUUID(),
        { ...DEFAULTS, position: place, ...change, name: row.name, basePrice: requiredPrice(row, context) },
        context.now,
      );
  if (!('refused' in product)) products.put(product, line);
}

/** Returns the price of a new item. */
function requiredPrice({ line, kind, price }: ProductRow | ChoiceRow, { currency, faults }: Context) {
  // A price with a fault has been reported.
  if (!price && !faults.some((fault) => fault.line === line))
    faults.push({ line, detail: `price: is required for a new ${kind}` });
  return price ?? { amount: 0, currency };
}

/** Returns the list of option groups of a product; undefined if the file has no such column. */
function listOf(
  { line, optionGroups }: ProductRow,
  old: Product | undefined,
  groups: Entries<OptionGroup>,
  { faults }: Context,
): ListedOptionGroup[] | undefined {
  if (!optionGroups) return undefined;
  const fault = (detail: string) => faults.push({ line, detail: `option groups: ${detail}` });
  if (optionGroups.length > MAX_OPTION_GROUPS) fault(`must have at most ${MAX_OPTION_GROUPS} entries`);
  const listed = optionGroups.map(({ name, ...limits }) => ({ name, group: groups.find(name), limits }));
  for (const { name } of listed.filter(({ group }) => !group)) fault(`${name} is not an option group`);
  const known = listed.flatMap(({ group, limits }) => (group ? [{ group, list: { id: group.id, ...limits } }] : []));
  const list = known.map((each) => each.list);
  for (const { path, detail } of faultsOfList(list, new Map(known.map(({ group }) => [group.id, group]))))
    fault(`${known[path[1] as number]?.group.name}: ${path[2] === 'id' ? '' : `${path[2]} `}${detail}`);
  // An unchanged list keeps its deleted groups, which return when they are restored.
  const shown = old?.optionGroups.filter(({ isDeleted }) => !isDeleted);
  return isDeepStrictEqual(list, shown) ? old?.optionGroups : list;
}

/** The commands on one kind of choice. */
interface ChoiceCommands<E> {
  /** What the choices belong to. */
  parent: string;
  of(entry: E): Choice[];
  add(entry: E, id: string, fields: NewChoice, now: string): E | NotFound;
  change(entry: E, id: string, change: Partial<NewChoice>, now: string): E | NotFound;
}

const options: ChoiceCommands<OptionGroup> = {
  parent: 'an option group',
  of: (group) => group.options,
  add: addOption,
  change: changeOption,
};

const variations: ChoiceCommands<Product> = {
  parent: 'a product',
  of: (product) => product.variations,
  add: addVariation,
  change: changeVariation,
};

function planChoice<E extends NamedEntry>(
  row: Placed<ChoiceRow>,
  entries: Entries<E>,
  commands: ChoiceCommands<E>,
  context: Context,
): void {
  const { line, name, place, price, availability } = row;
  const position = positionOf(row);
  const { now, keyOf, faults } = context;
  const entry = entries.find(row.parent);
  if (!entry) {
    faults.push({ line, detail: `belongs to: ${row.parent} is not ${commands.parent}` });
    return;
  }
  const choiceIn = (each: E) =>
    commands.of(each).find((choice) => !choice.deletedAt && keyOf(choice.name) === keyOf(name));
  const old = choiceIn(entry);
  const changed = old
    ? commands.change(entry, old.id, { ...present({ name, priceDelta: price, position }), ...availability }, now)
    : commands.add(
        entry,
        randomUUID(),
        { name, priceDelta: requiredPrice(row, context), position: position ?? place, ...availability },
        now,
      );
  if ('refused' in changed) return;
  // The order of an unchanged entry stays as it is in Postgres.
  entries.put(old && isDeepStrictEqual(choiceIn(changed), old) ? entry : changed, line);
}

/**
 * Adds the faults of changed groups on the products that have limits of their own.
 *
 * @param checked the lines of products whose lists have been checked
 */
function checkLimits(
  groups: Entries<OptionGroup>,
  products: Entries<Product>,
  checked: ReadonlySet<number | undefined>,
  { faults }: Context,
): void {
  const listed = products.all().flatMap(({ id, name, deletedAt, optionGroups }) => {
    const line = products.lineOf(id);
    if (line !== undefined && checked.has(line)) return [];
    return optionGroups.map((own) => ({ ...own, name: deletedAt ? `${name} (deleted)` : name }));
  });
  const listedBy = Map.groupBy(listed, ({ id }) => id);
  for (const group of groups.all()) {
    const line = groups.lineOf(group.id);
    if (line === undefined) continue;
    faults.push(...faultsAt(line, faultsOnProducts(group, listedBy.get(group.id) ?? [])));
  }
}
