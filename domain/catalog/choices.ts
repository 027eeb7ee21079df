import type { Money } from '../money.ts';
import { AVAILABLE, type Availability, asOf, withAvailability } from './availability.ts';

/** A variation of a product, or an option of an option group. */
export interface Choice extends Availability {
  id: string;
  name: string;
  /** Added to the price of the product. */
  priceDelta: Money;
  position: number;
  deletedAt: string | null;
}

export type NewChoice = Pick<Choice, 'name' | 'priceDelta' | 'position'> & Partial<Availability>;

/** The refusal of a change, because the product, option group or choice does not exist or is deleted. */
export interface NotFound {
  refused: 'not_found';
}

/** The refusal of a change that breaks a rule between several fields or entries. */
export interface InvalidFields {
  refused: 'invalid_request';
  faults: FieldFault[];
}

export interface FieldFault {
  path: readonly (string | number)[];
  /** Follows the name of the field: "must be …". */
  detail: string;
}

export type CatalogRefusal = NotFound | InvalidFields;

const notFound: NotFound = { refused: 'not_found' };

/** A product or an option group. A deleted entry is marked, but not removed. */
export interface Entry {
  /** Increases by one with every change of the entry or its choices. */
  version: number;
  createdAt: string;
  updatedAt: string;
  deletedAt: string | null;
}

/** Returns the fields of a new entry. */
export const newEntry = (now: string): Entry => ({ version: 1, createdAt: now, updatedAt: now, deletedAt: null });

/** Returns a changed entry with the next version. */
export const touched = <E extends Entry>(entry: E, now: string): E => ({
  ...entry,
  version: entry.version + 1,
  updatedAt: now,
});

/**
 * Returns the commands that products and option groups have in common.
 *
 * @param field the field of the choices
 */
export function commandsOn<E extends Entry & Record<Field, Choice[]>, Field extends 'variations' | 'options'>(
  field: Field,
) {
  const choiceOf = (entry: E, id: string) =>
    entry.deletedAt ? undefined : entry[field].find((choice) => choice.id === id);

  const liveChoice = (entry: E, id: string) => {
    const choice = choiceOf(entry, id);
    return choice?.deletedAt ? undefined : choice;
  };

  function withChoice(entry: E, choice: Choice, now: string): E {
    const others = entry[field].filter(({ id }) => id !== choice.id);
    return touched({ ...entry, [field]: [...others, choice].sort(byPosition) }, now);
  }

  return {
    /** Returns an entry with its choices as of a time. Returns the same object if nothing changes. */
    choicesAsOf(entry: E, now: string): E {
      const choices = entry[field].map((choice) => asOf(choice, now));
      return choices.some((choice, index) => choice !== entry[field][index]) ? { ...entry, [field]: choices } : entry;
    },

    /** Deletes an entry and its choices. */
    remove: (entry: E, now: string): E | NotFound =>
      entry.deletedAt ? notFound : touched({ ...entry, deletedAt: now }, now),

    /** Restores a deleted entry; returns any other entry unchanged. */
    restore: (entry: E, now: string): E => (entry.deletedAt ? touched({ ...entry, deletedAt: null }, now) : entry),

    addChoice(entry: E, id: string, fields: NewChoice, now: string): E | NotFound {
      if (entry.deletedAt) return notFound;
      const choice = { id, ...fields, ...AVAILABLE, deletedAt: null };
      return withChoice(entry, withAvailability(choice, fields, now), now);
    },

    changeChoice(entry: E, id: string, change: Partial<NewChoice>, now: string): E | NotFound {
      const choice = liveChoice(entry, id);
      if (!choice) return notFound;
      const { available: _, availableAgainAt: __, ...fields } = change;
      return withChoice(entry, withAvailability({ ...choice, ...fields }, change, now), now);
    },

    deleteChoice(entry: E, id: string, now: string): E | NotFound {
      const choice = liveChoice(entry, id);
      return choice ? withChoice(entry, { ...choice, deletedAt: now }, now) : notFound;
    },

    /** Restores a deleted choice; returns the entry unchanged if the choice is not deleted. */
    restoreChoice(entry: E, id: string, now: string): E | NotFound {
      const choice = choiceOf(entry, id);
      if (!choice) return notFound;
      return choice.deletedAt ? withChoice(entry, { ...choice, deletedAt: null }, now) : entry;
    },
  };
}

/** Orders choices as Postgres does: by position, then by name. */
function byPosition(one: Choice, other: Choice): number {
  if (one.position !== other.position) return one.position - other.position;
  return one.name < other.name ? -1 : Number(one.name > other.name);
}
