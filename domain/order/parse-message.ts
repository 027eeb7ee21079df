import type { Actor } from '../actor.ts';
import { type CancellationReason, type Command, cancellationReasons, type IdempotencyKey } from './order.ts';
import { type Status, statuses } from './transitions.ts';

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

type Bare =
  | { type: 'change_status'; to: StatusMessage['status'] }
  | { type: 'cancel'; reasonCode: CancellationReason | null };

function withAttribution(bare: Bare, fields: Record<string, unknown>): Command | Malformed {
  const { actor = operator, reason = null, expectedVersion, key, requestId } = fields;
  if (!isActor(actor)) return malformed('"actor" must be {"type", "id"}; leave it out to act as the operator.');
  if (reason !== null && !(typeof reason === 'string' && reason.length <= MAX_REASON_LENGTH)) {
    return malformed(`"reason" must be a text of at most ${MAX_REASON_LENGTH} characters.`);
  }
  if (expectedVersion !== undefined && !Number.isSafeInteger(expectedVersion)) {
    return malformed('"expectedVersion" must be a whole number.');
  }
  if (key !== undefined && !isKey(key)) return malformed('"key" must be {"hash", "fingerprint"}.');
  if (requestId !== undefined && typeof requestId !== 'string') return malformed('"requestId" must be a text.');
  return {
    ...bare,
    actor: { type: actor.type, id: actor.id },
    reason,
    expectedVersion: expectedVersion as number | undefined,
    key: key && { hash: key.hash, fingerprint: key.fingerprint },
    requestId,
  };
}

function isActor(value: unknown): value is Actor {
  const fields = fieldsOf(value);
  return !!fields && typeof fields.id === 'string' && actorTypes.includes(fields.type as string);
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
