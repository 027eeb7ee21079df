import type { Actor } from '../../domain/actor.ts';
import { MAX_PRICE_IN_ANY_CURRENCY, type Money } from '../../domain/money.ts';
import {
  type CancellationReason,
  type Command,
  cancellationReasons,
  type Edit,
  type IdempotencyKey,
  type KeptLine,
  type Line,
  type Location,
  locations,
  MAX_LINES,
  MAX_NOTE_LENGTH,
  MAX_QUANTITY,
  MAX_REASON_LENGTH,
} from '../../domain/order/order.ts';
import { type Status, statuses } from '../../domain/order/transitions.ts';
import { FREE_TEXT, isOneLine, isText, lengthOf, MAX_NAME_LENGTH, ONE_LINE, UUID } from '../../domain/text.ts';
import { signatureOf } from './signature.ts';

/** What rides along with a change: who asks (an operator when nobody is named), and under which conditions. */
export interface Attribution {
  actor?: Actor;
  reason?: string | null;
  expectedVersion?: number;
  key?: IdempotencyKey;
  requestId?: string;
  /** That the API has sent it, see `signature.ts`. */
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

/** A message that is no command, with a sentence for whoever typed it. */
export interface Malformed {
  refused: 'invalid_request';
  detail: string;
}

/** How a message is read. */
export interface ParseOptions {
  /** As strictly as the API reads requests; orders from before that are read leniently, as their histories must replay. */
  isStrict: boolean;
  /** Checks texts by the API's own rules; orders from before that count UTF-16 code units and accept more texts as one line. */
  codePoints?: boolean | undefined;
  /** Checks names as {@link isOneLine} does; orders from before that also accept names that no pattern finds invisible. */
  visibleNames?: boolean | undefined;
  /** Believes whom a message names only if one of its signatures is made with this key; without one, always. */
  signingKey?: string | undefined;
}

const LENIENT: ParseOptions = { isStrict: false };

const operator: Actor = { type: 'operator', id: 'temporal' };
const actorTypes: readonly string[] = [
  'customer',
  'manager',
  'service',
  'operator',
  'system',
] satisfies Actor['type'][];
const targets: readonly unknown[] = statuses.filter((status) => status !== 'cancelled');

/**
 * Reads a message that anyone with access to Temporal may have typed. By hand, because a schema library
 * would swell the workflow's sandbox, and without ever throwing, because that would block the workflow's task.
 *
 * @param options how strictly, and whom to believe
 */
export function parseStatusMessage(message: unknown, options: ParseOptions = LENIENT): Command | Malformed {
  const fields = fieldsOf(message);
  if (!fields) return malformed('The argument must be an object such as {"status": "ready"}.');
  if (!targets.includes(fields.status)) return malformed(`"status" must be one of ${targets.join(', ')}.`);
  return withAttribution({ type: 'change_status', to: fields.status as StatusMessage['status'] }, fields, options);
}

/** As {@link parseStatusMessage}; no argument at all is a cancellation without a reason. */
export function parseCancelMessage(message: unknown, options: ParseOptions = LENIENT): Command | Malformed {
  const fields = fieldsOf(message ?? {});
  if (!fields) return malformed('The argument must be an object such as {"reasonCode": "out_of_stock"}.');
  const reasonCode = fields.reasonCode ?? null;
  if (reasonCode !== null && !(cancellationReasons as readonly unknown[]).includes(reasonCode)) {
    return malformed(`"reasonCode" must be one of ${cancellationReasons.join(', ')}.`);
  }
  return withAttribution({ type: 'cancel', reasonCode: reasonCode as CancellationReason | null }, fields, options);
}

/** As {@link parseStatusMessage}; new lines must come whole, with the price that they are to have. */
export function parseEditMessage(message: unknown, options: ParseOptions = LENIENT): Command | Malformed {
  const fields = fieldsOf(message);
  if (!fields) return malformed('The argument must be an object such as {"note": "To go"}.');
  const { lines, location, note } = fields;
  if (lines === undefined && location === undefined && note === undefined) {
    return malformed('One of "lines", "location" and "note" must be there.');
  }
  if (lines !== undefined && !(Array.isArray(lines) && lines.length >= 1 && lines.length <= MAX_LINES)) {
    return malformed(`"lines" must be a list of 1 to ${MAX_LINES} lines.`);
  }
  if (Array.isArray(lines) && !lines.every((line) => isKeptLine(line) || isNewLine(line, options))) {
    return malformed('Each line must be {"id", "quantity"} of a line that is there, or a whole new line.');
  }
  if (location !== undefined && !(locations as readonly unknown[]).includes(location)) {
    return malformed(`"location" must be one of ${locations.join(', ')}.`);
  }
  if (note !== undefined && note !== null && !isBounded(note, FREE_TEXT, MAX_NOTE_LENGTH, options)) {
    return malformed(`"note" must be a text of at most ${MAX_NOTE_LENGTH} characters, or null to clear it.`);
  }
  const edit = {
    lines: options.isStrict ? (lines as Edit['lines'])?.map(pickLineFields) : (lines as Edit['lines']),
    location: location as Location | undefined,
    note: note as Edit['note'],
  };
  return withAttribution({ type: 'edit', ...edit }, fields, options);
}

type Bare =
  | { type: 'change_status'; to: StatusMessage['status'] }
  | { type: 'cancel'; reasonCode: CancellationReason | null }
  | ({ type: 'edit' } & Edit);

function withAttribution(bare: Bare, fields: Record<string, unknown>, options: ParseOptions): Command | Malformed {
  const { actor = operator, reason = null, expectedVersion, key, requestId, signatures } = fields;
  const { signingKey } = options;
  if (!isActor(actor, options))
    return malformed('"actor" must be {"type", "id"} with a short id; leave it out to act as the operator.');
  if (reason !== null && !isBounded(reason, FREE_TEXT, MAX_REASON_LENGTH, options)) {
    return malformed(`"reason" must be a text of at most ${MAX_REASON_LENGTH} characters.`);
  }
  if (expectedVersion !== undefined && !Number.isSafeInteger(expectedVersion)) {
    return malformed('"expectedVersion" must be a whole number.');
  }
  if (key !== undefined && !isKey(key)) return malformed('"key" must be {"hash", "fingerprint"}.');
  if (requestId !== undefined && !isBounded(requestId, ONE_LINE, MAX_ID_LENGTH, options)) {
    return malformed(`"requestId" must be ${AN_ID}.`);
  }
  const command = {
    ...bare,
    actor: { type: actor.type, id: actor.id },
    reason,
    expectedVersion: expectedVersion as number | undefined,
    key: key && { hash: key.hash, fingerprint: key.fingerprint },
    requestId,
  };
  if (signingKey === undefined) return command;
  const isSigned = Array.isArray(signatures) && signatures.includes(signatureOf(signingKey, command));
  return isSigned ? command : { ...command, actor: operator };
}

/** Longest id that is not one of ours, in Unicode code points: every event carries it. */
const MAX_ID_LENGTH = 100;
const AN_ID = `a text of at most ${MAX_ID_LENGTH} characters`;

/** `ONE_LINE` of orders from before {@link ParseOptions.codePoints}. */
const FORMER_LINE = /^[^\S\p{Cc}]*[^\s\p{Cc}]\P{Cc}*$/u;

/** Whether a value is a text of this form, and no longer, as the order has read texts from its start on. */
function isBounded(value: unknown, form: RegExp, max: number, options: ParseOptions): value is string {
  const { isStrict, codePoints, visibleNames } = options;
  if (visibleNames && form === ONE_LINE) return isOneLine(value, max);
  if (codePoints) return isText(value, form, max);
  if (typeof value !== 'string' || value.length > max) return false;
  return !isStrict || (value.isWellFormed() && (form === ONE_LINE ? FORMER_LINE : form).test(value));
}

function isActor(value: unknown, { codePoints }: ParseOptions): value is Actor {
  const fields = fieldsOf(value);
  if (!fields || typeof fields.id !== 'string' || !actorTypes.includes(fields.type as string)) return false;
  return (codePoints ? lengthOf(fields.id) : fields.id.length) <= MAX_ID_LENGTH;
}

function isKeptLine(value: unknown): value is KeptLine {
  const fields = fieldsOf(value);
  return !!fields && Object.keys(fields).length === 2 && typeof fields.id === 'string' && isQuantity(fields.quantity);
}

function isNewLine(value: unknown, options: ParseOptions): value is Line {
  const { isStrict } = options;
  const fields = fieldsOf(value);
  if (!fields || !isQuantity(fields.quantity)) return false;
  if (!isMoney(fields.unitPrice, options) || !isMoney(fields.total, options)) return false;
  const { id, productId, product, variationId, variation, quantity, unitPrice, total } = fields;
  const is = (form: RegExp) => (text: unknown) =>
    isStrict ? isBounded(text, form, MAX_NAME_LENGTH, options) : typeof text === 'string';
  const named = [id, productId].every(is(UUID)) && is(ONE_LINE)(product);
  const varied = (variationId === null || is(UUID)(variationId)) && (variation === null || is(ONE_LINE)(variation));
  return named && varied && total.amount === unitPrice.amount * quantity && total.currency === unitPrice.currency;
}

/** A line with nothing besides what a line has. */
function pickLineFields(line: KeptLine | Line): KeptLine | Line {
  if (!('unitPrice' in line)) return { id: line.id, quantity: line.quantity };
  const { id, productId, variationId, product, variation, quantity, unitPrice, total } = line;
  return {
    id,
    productId,
    variationId,
    product,
    variation,
    quantity,
    unitPrice: { amount: unitPrice.amount, currency: unitPrice.currency },
    total: { amount: total.amount, currency: total.currency },
  };
}

const isQuantity = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_QUANTITY;

/**
 * A product and a variation at the most that either may cost in any currency, as often as a line may have it. The total of an order
 * of such lines is a safe integer. A limit by currency would refuse what orders have accepted, and their histories must replay.
 */
const MAX_AMOUNT = 2 * MAX_PRICE_IN_ANY_CURRENCY * MAX_QUANTITY;

/** `MAX_AMOUNT` of orders from before {@link ParseOptions.codePoints}. */
const FORMER_MAX_AMOUNT = 1_980_000_000;

function isMoney(value: unknown, { isStrict, codePoints }: ParseOptions): value is Money {
  const fields = fieldsOf(value);
  const max = codePoints ? MAX_AMOUNT : FORMER_MAX_AMOUNT;
  return (
    !!fields &&
    Number.isSafeInteger(fields.amount) &&
    (fields.amount as number) >= 0 &&
    typeof fields.currency === 'string' &&
    (!isStrict || ((fields.amount as number) <= max && /^[A-Z]{3}$/.test(fields.currency)))
  );
}

function isKey(value: unknown): value is IdempotencyKey {
  const fields = fieldsOf(value);
  return !!fields && isHash(fields.hash) && isHash(fields.fingerprint);
}

/** What the journal can keep in an index: a hash in base64url is one. */
const isHash = (value: unknown): value is string => typeof value === 'string' && /^[\w-]{1,100}$/.test(value);

function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

const malformed = (detail: string): Malformed => ({ refused: 'invalid_request', detail });
