import { isDeepStrictEqual } from 'node:util';
import type { Choice } from '../../domain/catalog/choices.ts';
import type { OptionGroup } from '../../domain/catalog/option-group.ts';
import type { Product } from '../../domain/catalog/product.ts';
import { toPlainLine } from '../../domain/text.ts';
import type { Planned } from './plan.ts';
import { COLUMNS } from './rows.ts';

/** The columns of the fields with another name. */
const COLUMN: Record<string, string> = {
  basePrice: 'price',
  priceDelta: 'price',
  imageUrl: 'image',
  optionGroups: 'option groups',
  availableAgainAt: 'available',
};

/** Returns a line for each new or changed entry of one kind: `Changed product Latte: price, new variation Oat`. */
export function describePlanned<E extends Product | OptionGroup>(
  kind: string,
  planned: readonly Planned<E>[],
): string[] {
  return planned.flatMap(({ before, after }) => {
    if (before === after) return [];
    const changes = before ? changedColumns(before, after) : [];
    changes.push(...changedChoices(before, after));
    const name = `${kind} ${toPlainLine(after.name)}`;
    if (before) return [`Changed ${name}: ${changes.join(', ')}`];
    return [`New ${name}${changes.length > 0 ? `: ${changes.join(', ')}` : ''}`];
  });
}

const choicesOf = (entry: Product | OptionGroup | undefined): Choice[] => {
  if (!entry) return [];
  return 'variations' in entry ? entry.variations : entry.options;
};

function changedChoices(before: Product | OptionGroup | undefined, after: Product | OptionGroup): string[] {
  const kind = 'variations' in after ? 'variation' : 'option';
  const old = new Map(choicesOf(before).map((choice) => [choice.id, choice]));
  return choicesOf(after).flatMap((choice) => {
    const name = `${kind} ${toPlainLine(choice.name)}`;
    const same = old.get(choice.id);
    if (!same) return [`new ${name}`];
    const columns = changedColumns(same, choice);
    return columns.length > 0 ? [`${name} (${columns.join(', ')})`] : [];
  });
}

/** Returns the columns whose values differ. */
function changedColumns<Item extends object>(before: Item, after: Item): string[] {
  const fields = Object.entries(after).filter(
    ([field, value]) => !isDeepStrictEqual(value, before[field as keyof Item]),
  );
  const changed = new Set(fields.map(([field]) => COLUMN[field] ?? field));
  return COLUMNS.filter((column) => changed.has(column));
}
