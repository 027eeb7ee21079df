import { type Actor, actorTypes } from '../../domain/actor.ts';
import { MAX_PRICE_IN_ANY_CURRENCY, type Money } from '../../domain/money.ts';
import {
  type Action,
  type CancellationReason,
  type Command,
  type CommandFields,
  cancellationReasons,
  type Edit,
  type IdempotencyKey,
  type KeptLine,
  type Line,
  type LineOption,
  locations,
  MAX_LINE_NOTE_LENGTH,
  MAX_LINES,
  MAX_NOTE_LENGTH,
  MAX_OPTION_QUANTITY,
  MAX_OPTIONS,
  MAX_QUANTITY,
  MAX_REASON_LENGTH,
} from '../../domain/order/order.ts';
import { type Status, statuses } from '../../domain/order/transitions.ts';
import {
  FREE_TEXT,
  isOneLine,
  isText,
  isVisible,
  lengthOf,
  MAX_NAME_LENGTH,
  ONE_LINE,
  UUID,
} from '../../domain/text.ts';
import { signatureOf } from './signature.ts';

/** The fields that every message to an order may have. A message without an actor counts as a message of the operator. */
export interface Attribution extends Partial<CommandFields> {
  /** The API's signatures, see `signature.ts`. */
  signatures?: string[];
}

/** The argument of the update and the signal `changeStatus`. */
export interface StatusMessage extends Attribution {
  status: Exclude<Status, 'cancelled'>;
}

/** The argument of the update and the signal `cancel`. */
export interface CancelMessage extends Attribution {
  reasonCode?: CancellationReason | null;
}

/** The argument of the update and the signal `edit`. */
export type EditMessage = Attribution & Edit;

/** The reason why a message is invalid. */
export interface Malformed {
  refused: 'invalid_request';
  detail: string;
}

/**
 * The rules by which an order reads messages. A rule is absent on orders that were started before the rule existed, because their
 * histories must replay.
 */
export interface ParseOptions {
  /** Checks texts and new lines as strictly as the API does. */
  isStrict?: boolean;
  /** Counts Unicode code points, as the API does, instead of UTF-16 code units. */
  codePoints?: boolean | undefined;
  /** Requires a visible character in names, which {@link isOneLine} checks more precisely than a pattern can. */
  visibleNames?: boolean | undefined;
  /**
   * The key that signs messages. A message's actor is accepted only if one of its signatures is made with this key; without a key,
   * every actor is accepted.
   */
  signingKey?: string | undefined;
}

const operator: Actor = { type: 'operator', id: 'temporal' };
const targets = statuses.filter((status) => status !== 'cancelled');

const isOneOf = <T>(values: readonly T[], value: unknown): value is T => values.includes(value as T);

/**
 * Reads a message that anyone with access to Temporal may have sent. Never throws, because an error would block the workflow
 * task. It uses no schema library, because that would make the workflow bundle much larger.
 */
export function parseStatusMessage(message: unknown, options: ParseOptions = {}): Command | Malformed {
  const fields = fieldsOf(message);
  if (!fields) return malformed('The argument must be an object such as {"status": "ready"}.');
  const { status } = fields;
  if (!isOneOf(targets, status)) return malformed(`"status" must be one of ${targets.join(', ')}.`);
  return withAttribution({ type: 'change_status', to: status }, fields, options);
}

/** As {@link parseStatusMessage}. A missing argument is a cancellation without a reason. */
export function parseCancelMessage(message: unknown, options: ParseOptions = {}): Command | Malformed {
  const fields = fieldsOf(message ?? {});
  if (!fields) return malformed('The argument must be an object such as {"reasonCode": "out_of_stock"}.');
  const reasonCode = fields.reasonCode ?? null;
  if (reasonCode !== null && !isOneOf(cancellationReasons, reasonCode)) {
    return malformed(`"reasonCode" must be one of ${cancellationReasons.join(', ')}.`);
  }
  return withAttribution({ type: 'cancel', reasonCode }, fields, options);
}

/** As {@link parseStatusMessage}. New lines must be complete, including their prices. */
export function parseEditMessage(message: unknown, options: ParseOptions = {}): Command | Malformed {
  const fields = fieldsOf(message);
  if (!fields) return malformed('The argument must be an object such as {"note": "To go"}.');
  const { lines, location, note } = fields;
  if (lines === undefined && location === undefined && note === undefined) {
    return malformed('The argument must have "lines", "location" or "note".');
  }
  if (lines !== undefined && !(Array.isArray(lines) && lines.length >= 1 && lines.length <= MAX_LINES)) {
    return malformed(`"lines" must be a list of 1 to ${MAX_LINES} lines.`);
  }
  if (lines && !lines.every((line) => isKeptLine(line) || isNewLine(line, options))) {
    return malformed('Each line must be {"id", "quantity"} of an existing line, or a complete new line.');
  }
  if (location !== undefined && !isOneOf(locations, location)) {
    return malformed(`"location" must be one of ${locations.join(', ')}.`);
  }
  if (note !== undefined && note !== null && !isTextOf(note, FREE_TEXT, MAX_NOTE_LENGTH, options)) {
    return malformed(`"note" must be a text of at most ${MAX_NOTE_LENGTH} characters, or null to clear it.`);
  }
  const picked = options.isStrict ? lines?.map(pickLineFields) : lines;
  return withAttribution({ type: 'edit', lines: picked, location, note }, fields, options);
}

function withAttribution(action: Action, fields: Record<string, unknown>, options: ParseOptions): Command | Malformed {
  const { actor = operator, reason = null, expectedVersion, key, requestId, signatures } = fields;
  if (!isActor(actor, options)) {
    return malformed('"actor" must be {"type", "id"} with a short id. Omit it to act as the operator.');
  }
  if (reason !== null && !isTextOf(reason, FREE_TEXT, MAX_REASON_LENGTH, options)) {
    return malformed(`"reason" must be a text of at most ${MAX_REASON_LENGTH} characters.`);
  }
  if (expectedVersion !== undefined && !isSafeInteger(expectedVersion)) {
    return malformed('"expectedVersion" must be a whole number.');
  }
  if (key !== undefined && !isKey(key)) return malformed('"key" must be {"hash", "fingerprint"}.');
  if (requestId !== undefined && !isTextOf(requestId, ONE_LINE, MAX_ID_LENGTH, options)) {
    return malformed(`"requestId" must be a text of at most ${MAX_ID_LENGTH} characters.`);
  }
  const command = {
    ...action,
    actor: { type: actor.type, id: actor.id },
    reason,
    expectedVersion,
    key: key && { hash: key.hash, fingerprint: key.fingerprint },
    requestId,
  };
  const { signingKey } = options;
  if (signingKey === undefined) return command;
  const isSigned = Array.isArray(signatures) && signatures.includes(signatureOf(signingKey, command));
  return isSigned ? command : { ...command, actor: operator };
}

/** The maximum length of ids that Crema did not create, in Unicode code points. It is low, because every event contains such ids. */
const MAX_ID_LENGTH = 100;

/** Replaces `ONE_LINE` on orders without {@link ParseOptions.codePoints}. */
const FORMER_LINE = /^[^\S\p{Cc}]*[^\s\p{Cc}]\P{Cc}*$/u;

/** Whether a value is a text of this form and at most this length, by the order's rules. */
function isTextOf(value: unknown, form: RegExp, max: number, options: ParseOptions): value is string {
  const { isStrict, codePoints, visibleNames } = options;
  if (visibleNames && form === ONE_LINE) return isOneLine(value, max);
  if (codePoints) return isText(value, form, max);
  if (typeof value !== 'string' || value.length > max) return false;
  return !isStrict || (value.isWellFormed() && (form === ONE_LINE ? FORMER_LINE : form).test(value));
}

function isActor(value: unknown, { codePoints }: ParseOptions): value is Actor {
  const { type, id } = fieldsOf(value) ?? {};
  if (!isOneOf(actorTypes, type) || typeof id !== 'string') return false;
  return (codePoints ? lengthOf(id) : id.length) <= MAX_ID_LENGTH;
}

function isKeptLine(value: unknown): value is KeptLine {
  const fields = fieldsOf(value);
  return !!fields && Object.keys(fields).length === 2 && typeof fields.id === 'string' && isQuantity(fields.quantity);
}

function isNewLine(value: unknown, options: ParseOptions): value is Line {
  const fields = fieldsOf(value) ?? {};
  const { id, productId, product, variationId, variation, quantity, unitPrice, total } = fields;
  const limits = { ...options, hasOptions: Array.isArray(fields.options) && fields.options.length > 0 };
  if (!isQuantity(quantity) || !isMoney(unitPrice, limits) || !isMoney(total, limits)) return false;
  const is = (form: RegExp, text: unknown) =>
    options.isStrict ? isTextOf(text, form, MAX_NAME_LENGTH, options) : typeof text === 'string';
  return (
    is(UUID, id) &&
    is(UUID, productId) &&
    is(ONE_LINE, product) &&
    (variationId === null || is(UUID, variationId)) &&
    (variation === null || is(ONE_LINE, variation)) &&
    (fields.note === undefined || fields.note === null || isText(fields.note, FREE_TEXT, MAX_LINE_NOTE_LENGTH)) &&
    (fields.options === undefined || areOptions(fields.options, unitPrice)) &&
    total.amount === unitPrice.amount * quantity &&
    total.currency === unitPrice.currency
  );
}

/** Whether a value is a list of options of a line: without duplicates, in one currency, and not above the line's unit price. */
function areOptions(value: unknown, { amount, currency }: Money): value is LineOption[] {
  if (!Array.isArray(value) || value.length > MAX_OPTIONS || !value.every(isOption)) return false;
  if (new Set(value.map(({ id }) => id)).size < value.length) return false;
  if (value.some(({ unitPrice }) => unitPrice.currency !== currency)) return false;
  return value.reduce((sum, { unitPrice, quantity }) => sum + unitPrice.amount * quantity, 0) <= amount;
}

/** Always follows the latest rules, because older versions had no options. */
function isOption(value: unknown): value is LineOption {
  const { id, group, name, quantity, unitPrice } = fieldsOf(value) ?? {};
  return (
    isText(id, UUID, MAX_ID_LENGTH) &&
    isOneLine(group, MAX_NAME_LENGTH) &&
    isOneLine(name, MAX_NAME_LENGTH) &&
    isQuantity(quantity, MAX_OPTION_QUANTITY) &&
    isMoney(unitPrice, { isStrict: true, codePoints: true })
  );
}

/** Returns a line without unknown fields, and without a note if the note has no visible character. */
function pickLineFields(line: KeptLine | Line): KeptLine | Line {
  if (!('unitPrice' in line)) return { id: line.id, quantity: line.quantity };
  const { id, productId, variationId, product, variation, quantity, note } = line;
  const options = line.options?.map(pickOptionFields) ?? [];
  return {
    id,
    productId,
    variationId,
    product,
    variation,
    quantity,
    ...(options.length > 0 && { options }),
    ...(note && isVisible(note) && { note }),
    unitPrice: pickMoneyFields(line.unitPrice),
    total: pickMoneyFields(line.total),
  };
}

const pickOptionFields = ({ id, group, name, quantity, unitPrice }: LineOption): LineOption => ({
  id,
  group,
  name,
  quantity,
  unitPrice: pickMoneyFields(unitPrice),
});

const pickMoneyFields = ({ amount, currency }: Money): Money => ({ amount, currency });

const isSafeInteger = (value: unknown): value is number => Number.isSafeInteger(value);

const isQuantity = (value: unknown, max = MAX_QUANTITY): value is number =>
  isSafeInteger(value) && value >= 1 && value <= max;

/**
 * The highest price of a product and a variation in any currency, times the highest quantity. One limit applies to all currencies,
 * because lower limits would reject messages in recorded histories.
 */
const MAX_AMOUNT = 2 * MAX_PRICE_IN_ANY_CURRENCY * MAX_QUANTITY;

/** The limit for lines with options. The total of an order of such lines is still a safe integer. */
const MAX_AMOUNT_WITH_OPTIONS = (2 + MAX_OPTIONS * MAX_OPTION_QUANTITY) * MAX_PRICE_IN_ANY_CURRENCY * MAX_QUANTITY;

/** Replaces `MAX_AMOUNT` on orders without {@link ParseOptions.codePoints}. */
const FORMER_MAX_AMOUNT = 1_980_000_000;

function isMoney(
  value: unknown,
  { isStrict, codePoints, hasOptions }: ParseOptions & { hasOptions?: boolean },
): value is Money {
  const { amount, currency } = fieldsOf(value) ?? {};
  if (!isSafeInteger(amount) || amount < 0 || typeof currency !== 'string') return false;
  const max = hasOptions ? MAX_AMOUNT_WITH_OPTIONS : codePoints ? MAX_AMOUNT : FORMER_MAX_AMOUNT;
  return !isStrict || (amount <= max && /^[A-Z]{3}$/.test(currency));
}

function isKey(value: unknown): value is IdempotencyKey {
  const { hash, fingerprint } = fieldsOf(value) ?? {};
  return isHash(hash) && isHash(fingerprint);
}

/** Hashes are base64url. Their length is limited, because Postgres stores them in an index. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,100}$/.test(value);

function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

const malformed = (detail: string): Malformed => ({ refused: 'invalid_request', detail });
