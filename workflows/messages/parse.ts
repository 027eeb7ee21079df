import type { Actor } from '../../domain/actor.ts';
import type { Money } from '../../domain/money.ts';
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
} from '../../domain/order/order.ts';
import { type Status, statuses } from '../../domain/order/transitions.ts';

/** What rides along with a change: who asks (an operator when nobody is named), and under which conditions. */
export interface Attribution {
  actor?: Actor;
  reason?: string | null;
  expectedVersion?: number;
  key?: IdempotencyKey;
  requestId?: string;
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

/** Longest free text, in UTF-16 code units. */
export const MAX_REASON_LENGTH = 500;

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
 */
export function parseStatusMessage(message: unknown): Command | Malformed {
  const fields = fieldsOf(message);
  if (!fields) return malformed('The argument must be an object such as {"status": "ready"}.');
  if (!targets.includes(fields.status)) return malformed(`"status" must be one of ${targets.join(', ')}.`);
  return withAttribution({ type: 'change_status', to: fields.status as StatusMessage['status'] }, fields);
}

/** As {@link parseStatusMessage}; no argument at all is a cancellation without a reason. */
export function parseCancelMessage(message: unknown): Command | Malformed {
  const fields = fieldsOf(message ?? {});
  if (!fields) return malformed('The argument must be an object such as {"reasonCode": "out_of_stock"}.');
  const reasonCode = fields.reasonCode ?? null;
  if (reasonCode !== null && !(cancellationReasons as readonly unknown[]).includes(reasonCode)) {
    return malformed(`"reasonCode" must be one of ${cancellationReasons.join(', ')}.`);
  }
  return withAttribution({ type: 'cancel', reasonCode: reasonCode as CancellationReason | null }, fields);
}

/** As {@link parseStatusMessage}; new lines must come whole, with the price that they are to have. */
export function parseEditMessage(message: unknown): Command | Malformed {
  const fields = fieldsOf(message);
  if (!fields) return malformed('The argument must be an object such as {"note": "To go"}.');
  const { lines, location, note } = fields;
  if (lines === undefined && location === undefined && note === undefined) {
    return malformed('One of "lines", "location" and "note" must be there.');
  }
  if (lines !== undefined && !(Array.isArray(lines) && lines.length >= 1 && lines.length <= MAX_LINES)) {
    return malformed(`"lines" must be a list of 1 to ${MAX_LINES} lines.`);
  }
  if (Array.isArray(lines) && !lines.every((line) => isKeptLine(line) || isNewLine(line))) {
    return malformed('Each line must be {"id", "quantity"} of a line that is there, or a whole new line.');
  }
  if (location !== undefined && !(locations as readonly unknown[]).includes(location)) {
    return malformed(`"location" must be one of ${locations.join(', ')}.`);
  }
  if (note !== undefined && note !== null && !(typeof note === 'string' && note.length <= MAX_NOTE_LENGTH)) {
    return malformed(`"note" must be a text of at most ${MAX_NOTE_LENGTH} characters, or null to clear it.`);
  }
  const edit = {
    lines: lines as Edit['lines'],
    location: location as Location | undefined,
    note: note as Edit['note'],
  };
  return withAttribution({ type: 'edit', ...edit }, fields);
}

type Bare =
  | { type: 'change_status'; to: StatusMessage['status'] }
  | { type: 'cancel'; reasonCode: CancellationReason | null }
  | ({ type: 'edit' } & Edit);

function withAttribution(bare: Bare, fields: Record<string, unknown>): Command | Malformed {
  const { actor = operator, reason = null, expectedVersion, key, requestId } = fields;
  if (!isActor(actor))
    return malformed('"actor" must be {"type", "id"} with a short id; leave it out to act as the operator.');
  if (reason !== null && !(typeof reason === 'string' && reason.length <= MAX_REASON_LENGTH)) {
    return malformed(`"reason" must be a text of at most ${MAX_REASON_LENGTH} characters.`);
  }
  if (expectedVersion !== undefined && !Number.isSafeInteger(expectedVersion)) {
    return malformed('"expectedVersion" must be a whole number.');
  }
  if (key !== undefined && !isKey(key)) return malformed('"key" must be {"hash", "fingerprint"}.');
  if (requestId !== undefined && !isId(requestId)) return malformed(`"requestId" must be ${AN_ID}.`);
  return {
    ...bare,
    actor: { type: actor.type, id: actor.id },
    reason,
    expectedVersion: expectedVersion as number | undefined,
    key: key && { hash: key.hash, fingerprint: key.fingerprint },
    requestId,
  };
}

/** Bounded, as it is told in every event. */
const isId = (value: unknown): value is string => typeof value === 'string' && value.length <= 100;
const AN_ID = 'a text of at most 100 characters';

function isActor(value: unknown): value is Actor {
  const fields = fieldsOf(value);
  return !!fields && isId(fields.id) && actorTypes.includes(fields.type as string);
}

function isKeptLine(value: unknown): value is KeptLine {
  const fields = fieldsOf(value);
  return !!fields && Object.keys(fields).length === 2 && typeof fields.id === 'string' && isQuantity(fields.quantity);
}

function isNewLine(value: unknown): value is Line {
  const fields = fieldsOf(value);
  if (!fields || !isQuantity(fields.quantity) || !isMoney(fields.unitPrice) || !isMoney(fields.total)) return false;
  const { id, productId, product, variationId, variation, quantity, unitPrice, total } = fields;
  const named = [id, productId, product].every((text) => typeof text === 'string');
  const varied = [variationId, variation].every((text) => text === null || typeof text === 'string');
  return named && varied && total.amount === unitPrice.amount * quantity && total.currency === unitPrice.currency;
}

const isQuantity = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_QUANTITY;

function isMoney(value: unknown): value is Money {
  const fields = fieldsOf(value);
  return (
    !!fields &&
    Number.isSafeInteger(fields.amount) &&
    (fields.amount as number) >= 0 &&
    typeof fields.currency === 'string'
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
