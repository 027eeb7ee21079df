import { z } from 'zod';
import { AVAILABLE, type Availability } from '../../domain/catalog/availability.ts';
import { MAX_CHOSEN } from '../../domain/catalog/option-group.ts';
import {
  ALLERGENS,
  type Allergen,
  MAX_DESCRIPTION_LENGTH,
  MAX_IMAGE_URL_LENGTH,
} from '../../domain/catalog/product.ts';
import { type Money, maxPrice, minorDigits } from '../../domain/money.ts';
import { FREE_TEXT, isOneLine, isText, isVisible, MAX_NAME_LENGTH } from '../../domain/text.ts';

/** What is wrong with the text of a cell. */
export class Wrong {
  readonly detail: string;

  constructor(detail: string) {
    this.detail = detail;
  }
}

/** Reads the text of a cell, which is trimmed. */
export type ReadCell<Value> = (text: string) => Value | Wrong;

export const oneLine =
  (max: number): ReadCell<string> =>
  (text) => {
    const line = text.normalize('NFC');
    if (line === '') return new Wrong('is required');
    if (isOneLine(line, max)) return line;
    return new Wrong(`must be one line of at most ${max} characters, with at least one visible`);
  };

export const orNull =
  <Value>(read: ReadCell<Value>): ReadCell<Value | null> =>
  (text) =>
    text === '' ? null : read(text);

export const readDescription: ReadCell<string> = (text) => {
  if (!isText(text, FREE_TEXT, MAX_DESCRIPTION_LENGTH))
    return new Wrong(`must have at most ${MAX_DESCRIPTION_LENGTH} characters, and no control characters`);
  return isVisible(text) ? text : '';
};

export const wholeNumber =
  (max: number): ReadCell<number> =>
  (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number <= max ? number : new Wrong(`must be a whole number from 0 to ${max}`);
  };

export const readLimit =
  (whenEmpty: number): ReadCell<number> =>
  (text) =>
    text === '' ? whenEmpty : wholeNumber(MAX_CHOSEN)(text);

/** Reads a price in major units: `4.30`. */
export const price =
  (currency: string): ReadCell<Money> =>
  (text) => {
    if (text === '') return new Wrong('is required');
    const digits = minorDigits(currency);
    const [, units = '', fraction = ''] = /^(\d{1,9})(?:\.(\d{1,9}))?$/.exec(text) ?? [];
    if (units === '') return new Wrong(`must be a number such as ${writePrice({ amount: 430, currency })}`);
    if (fraction.length > digits)
      return new Wrong(digits === 0 ? `must have no decimals in ${currency}` : `must have at most ${digits} decimals`);
    const amount = Number(units + fraction.padEnd(digits, '0'));
    if (amount > maxPrice(currency))
      return new Wrong(`must be at most ${writePrice({ amount: maxPrice(currency), currency })}`);
    return { amount, currency };
  };

export function writePrice({ amount, currency }: Money): string {
  const digits = minorDigits(currency);
  if (digits === 0) return String(amount);
  const text = String(amount).padStart(digits + 1, '0');
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

const instant = z.iso.datetime({ offset: true });

/** Reads `yes`, `no`, or the time from which a sold-out item is available again. Empty: yes. */
export const readAvailability: ReadCell<Availability> = (text) => {
  const word = text.toLowerCase();
  if (['', 'yes', 'true'].includes(word)) return AVAILABLE;
  if (['no', 'false'].includes(word)) return { available: false, availableAgainAt: null };
  const time = new Date(instant.safeParse(text.toUpperCase()).data ?? Number.NaN);
  if (Number.isNaN(time.getTime()) || time.getUTCFullYear() > 9999)
    return new Wrong('must be yes, no, or a time such as 2026-11-30T14:00:00Z');
  return { available: false, availableAgainAt: time.toISOString() };
};

export const writeAvailability = ({ available, availableAgainAt }: Availability): string =>
  available ? 'yes' : (availableAgainAt ?? 'no');

/** Reads allergens: `gluten; milk`. */
export const readAllergens: ReadCell<Allergen[]> = (text) => {
  const names = text
    .toLowerCase()
    .split(/[;,]/)
    .map((name) => name.trim())
    .filter(Boolean);
  const unknown = names.filter((name) => !ALLERGENS.some((allergen) => allergen === name));
  if (unknown.length > 0)
    return new Wrong(`${unknown.join(', ')} must be one of ${ALLERGENS.join(', ')}; separate them with semicolons`);
  if (new Set(names).size < names.length) return new Wrong('must not contain duplicates');
  return names as Allergen[];
};

export const writeAllergens = (allergens: readonly Allergen[]): string => allergens.join('; ');

export const readImage: ReadCell<string | null> = (text) => {
  if (text === '') return null;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isGood = url?.protocol === 'https:' && url.href.length <= MAX_IMAGE_URL_LENGTH;
  return isGood ? url.href : new Wrong(`must be https://…, with at most ${MAX_IMAGE_URL_LENGTH} characters`);
};

/** An option group of a product, by its name, with the product's own limits. */
export interface NamedOptionGroup {
  name: string;
  min?: number;
  max?: number;
}

/** The limits after a name: `(1-2)`, `(1-)` or `(-2)`. */
const LIMITS = /(?<!\\)\((\d{0,2})-(\d{0,2})\)$/;

/** Reads option groups: `Milk; Extras (1-2)`. A backslash makes the next `;`, `(` or `\` a part of a name. */
export const readOptionGroups: ReadCell<NamedOptionGroup[]> = (text) => {
  const groups: NamedOptionGroup[] = [];
  for (const entry of (text.match(/(?:\\.|[^;\\])+/gsu) ?? []).map((each) => each.trim()).filter(Boolean)) {
    const [, min = '', max = ''] = LIMITS.exec(entry) ?? [];
    const name = oneLine(MAX_NAME_LENGTH)(entry.replace(LIMITS, '').trim().replaceAll(/\\(.)/gsu, '$1'));
    if (name instanceof Wrong) return name;
    const limits = { ...(min !== '' && { min: Number(min) }), ...(max !== '' && { max: Number(max) }) };
    const isTooHigh = Object.values(limits).some((limit) => limit > MAX_CHOSEN);
    if (isTooHigh) return new Wrong(`${name}: the limits must be at most ${MAX_CHOSEN}`);
    groups.push({ name, ...limits });
  }
  return groups;
};

export const writeOptionGroups = (groups: readonly NamedOptionGroup[]): string =>
  groups
    .map(({ name, min, max }) => {
      const escaped = name.replaceAll(/[;\\]/g, String.raw`\$&`).replace(LIMITS, String.raw`\$&`);
      return min === undefined && max === undefined ? escaped : `${escaped} (${min ?? ''}-${max ?? ''})`;
    })
    .join('; ');
