import type { Availability } from '../../domain/catalog/availability.ts';
import type { Choice } from '../../domain/catalog/choices.ts';
import type { OptionGroup } from '../../domain/catalog/option-group.ts';
import { type Allergen, MAX_CATEGORY_LENGTH, MAX_POSITION, type Product } from '../../domain/catalog/product.ts';
import type { Money } from '../../domain/money.ts';
import { MAX_NAME_LENGTH } from '../../domain/text.ts';
import {
  type NamedOptionGroup,
  oneLine,
  orNull,
  price,
  type ReadCell,
  readAllergens,
  readAvailability,
  readDescription,
  readImage,
  readLimit,
  readOptionGroups,
  Wrong,
  wholeNumber,
  writeAllergens,
  writeAvailability,
  writeOptionGroups,
  writePrice,
} from './cells.ts';
import type { Fault, Row } from './csv.ts';

/** The columns of a menu file, in the order of an export. */
export const COLUMNS = [
  'kind',
  'belongs to',
  'name',
  'price',
  'category',
  'description',
  'available',
  'allergens',
  'image',
  'option groups',
  'min',
  'max',
  'position',
] as const;

type Column = (typeof COLUMNS)[number];

/** The columns of each kind of row, besides `kind`, `name` and `position`. */
const COLUMNS_OF = {
  group: ['min', 'max'],
  option: ['belongs to', 'price', 'available'],
  product: ['price', 'category', 'description', 'available', 'allergens', 'image', 'option groups'],
  variation: ['belongs to', 'price', 'available'],
} as const satisfies Record<string, readonly Column[]>;

type Kind = keyof typeof COLUMNS_OF;

interface Item {
  line: number;
  name: string;
  /** null: the place in the file. undefined: the file has no such column. So are other fields. */
  position?: number | null;
}

export interface GroupRow extends Item {
  kind: 'group';
  min?: number;
  max?: number;
}

export interface ChoiceRow extends Item {
  kind: 'option' | 'variation';
  /** The name of the option group or product. */
  parent: string;
  /** The price delta. */
  price?: Money;
  availability?: Availability;
}

export interface ProductRow extends Item {
  kind: 'product';
  price?: Money;
  category?: string | null;
  description?: string;
  availability?: Availability;
  allergens?: Allergen[];
  imageUrl?: string | null;
  optionGroups?: NamedOptionGroup[];
}

export type MenuRow = GroupRow | ChoiceRow | ProductRow;

/**
 * Reads the rows of a menu file. A row with faults lacks the fields of the faulty cells. It is still returned if it has
 * a name, so that other rows can refer to it.
 */
export function readRows(rows: readonly Row[], currency: string): { rows: MenuRow[]; faults: Fault[] } {
  const faults: Fault[] = [];
  const read = rows.flatMap((row) => {
    const cells = createCellReader(row);
    const found = readRow(cells, row.line, currency);
    faults.push(...cells.faults);
    return found ? [found] : [];
  });
  return { rows: read, faults };
}

type CellReader = ReturnType<typeof createCellReader>;

/** Reads the cells of one row, and collects their faults. */
function createCellReader({ line, cells }: Row) {
  const faults: Fault[] = [];
  const fault = (column: Column, detail: string) => faults.push({ line, detail: `${column}: ${detail}` });
  const name = oneLine(MAX_NAME_LENGTH);

  /** Returns the value of a cell; undefined if the cell has a fault, or the file has no such column. */
  function read<Value>(column: Column, readCell: ReadCell<Value>): Value | undefined {
    const text = cells.get(column);
    const value = text === undefined ? undefined : readCell(text);
    if (!(value instanceof Wrong)) return value;
    fault(column, value.detail);
    return undefined;
  }

  return {
    faults,
    read,

    /** Returns a name; '' if it has a fault. */
    readName(column: 'name' | 'belongs to'): string {
      if (!cells.has(column)) fault(column, 'is required');
      return read(column, name) ?? '';
    },

    readKind(): Kind | undefined {
      const kind = cells.get('kind')?.toLowerCase() ?? '';
      if (isKind(kind)) return kind;
      fault('kind', `must be one of ${Object.keys(COLUMNS_OF).join(', ')}`);
      return undefined;
    },

    /** Reports the cells with content that a row of this kind cannot have. */
    checkColumns(kind: Kind): void {
      const allowed: readonly Column[] = ['kind', 'name', 'position', ...COLUMNS_OF[kind]];
      for (const column of COLUMNS.filter((each) => !allowed.includes(each) && cells.get(each)))
        fault(column, `must be empty in a row of the kind ${kind}`);
    },
  };
}

const isKind = (kind: string): kind is Kind => Object.hasOwn(COLUMNS_OF, kind);

/** Returns a row; undefined if it has no kind or no name. */
function readRow(cells: CellReader, line: number, currency: string): MenuRow | undefined {
  const kind = cells.readKind();
  if (!kind) return undefined;
  cells.checkColumns(kind);
  const name = cells.readName('name');
  const isChoice = kind === 'option' || kind === 'variation';
  const parent = isChoice ? cells.readName('belongs to') : '';
  const item = { line, name, position: cells.read('position', orNull(wholeNumber(MAX_POSITION))) };
  const row = rowOf(cells, { kind, parent, ...item }, currency);
  return name === '' || (isChoice && parent === '') ? undefined : row;
}

function rowOf(
  cells: CellReader,
  { kind, parent, ...item }: Item & { kind: Kind; parent: string },
  currency: string,
): MenuRow {
  if (kind === 'group')
    return { kind, ...item, min: cells.read('min', readLimit(0)), max: cells.read('max', readLimit(1)) };
  const sold = { price: cells.read('price', price(currency)), availability: cells.read('available', readAvailability) };
  if (kind !== 'product') return { kind, ...item, parent, ...sold };
  return {
    kind,
    ...item,
    ...sold,
    category: cells.read('category', orNull(oneLine(MAX_CATEGORY_LENGTH))),
    description: cells.read('description', readDescription),
    allergens: cells.read('allergens', readAllergens),
    imageUrl: cells.read('image', readImage),
    optionGroups: cells.read('option groups', readOptionGroups),
  };
}

/** Returns the rows of the items on sale, each as its cells in the order of {@link COLUMNS}. */
export function writeRows(groups: readonly OptionGroup[], products: readonly Product[]): string[][] {
  const names = new Map(groups.map(({ id, name }) => [id, name]));
  const rows: Partial<Record<Column, string>>[] = [];
  for (const group of groups.filter(isLive)) {
    const { name, min, max, position, options } = group;
    rows.push({ kind: 'group', name, min: String(min), max: String(max), position: String(position) });
    rows.push(...options.filter(isLive).map((option) => writeChoice('option', group, option)));
  }
  for (const product of products) {
    const listed = product.optionGroups
      .filter(({ isDeleted }) => !isDeleted)
      .map(({ id, min, max }) => ({ name: names.get(id) as string, min, max }));
    rows.push({
      kind: 'product',
      name: product.name,
      price: writePrice(product.basePrice),
      category: product.category ?? '',
      description: product.description,
      available: writeAvailability(product),
      allergens: writeAllergens(product.allergens),
      image: product.imageUrl ?? '',
      'option groups': writeOptionGroups(listed),
      position: String(product.position),
    });
    rows.push(...product.variations.filter(isLive).map((variation) => writeChoice('variation', product, variation)));
  }
  return rows.map((row) => COLUMNS.map((column) => row[column] ?? ''));
}

const isLive = ({ deletedAt }: { deletedAt: string | null }): boolean => !deletedAt;

const writeChoice = (kind: ChoiceRow['kind'], parent: { name: string }, choice: Choice) => ({
  kind,
  'belongs to': parent.name,
  name: choice.name,
  price: writePrice(choice.priceDelta),
  available: writeAvailability(choice),
  position: String(choice.position),
});
