import { createHash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';
import type { BoundAnswer, OrderView } from '../../db/orders.ts';
import type { Fact, IdempotencyKey, KeyReused } from '../../domain/order/order.ts';
import type { Decided } from '../../workflows/messages/history.ts';

/** The order after an accepted request. */
export interface OrderResult extends OrderView {
  /** Whether an earlier request with this idempotency key was accepted. The order is then as it was after that request. */
  replayed: boolean;
}

/** The UUID namespace of order ids that are derived from idempotency keys. */
const ORDER_IDS = 'b7a1f0c2-4a5e-5d0b-9f52-6f3b2c1d7e90';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');

/**
 * Binds an idempotency key to its scope and its request.
 *
 * @param scope the caller's id, the method and the concrete path
 * @param body the validated body
 */
export function bindKey(
  key: string,
  scope: { subject: string; method: string; path: string },
  body: unknown,
): IdempotencyKey {
  const { subject, method, path } = scope;
  const content = JSON.stringify(body ?? null);
  return {
    hash: sha256([subject, method, path, key].join('\n')),
    // A short name could be guessed from its hash. The key prevents that, because it is not stored.
    fingerprint: sha256(hasName(body) ? `${content}\n${key}` : content),
  };
}

const hasName = (body: unknown): boolean => typeof body === 'object' && body !== null && 'customerName' in body;

/** Returns the id of the order that is placed with a key. A repeated request gets the same id, and so finds the order. */
export const orderIdOf = (key: IdempotencyKey): string => uuidv5(key.hash, ORDER_IDS);

/** Answers a repeated request, or refuses another request with the same key. */
export function replayOf(
  bound: BoundAnswer,
  key: IdempotencyKey,
  customerName: string | null,
): OrderResult | KeyReused {
  return bound.fingerprint === key.fingerprint
    ? { order: bound.order, customerName, replayed: true }
    : { refused: 'idempotency_key_reused' };
}

export const answerOfFact = ({ event, order }: Fact): BoundAnswer => ({
  order,
  fingerprint: event.key?.fingerprint ?? '',
});

/** Finds the answer to a key in an order's history. */
export function answerInHistory({ entries }: Decided, keyHash: string): BoundAnswer | undefined {
  const facts = entries.filter((entry) => entry.kind === 'fact');
  const changed = facts.find(({ event }) => event.key?.hash === keyHash);
  if (changed) return answerOfFact(changed);
  const unchanged = entries.filter((entry) => entry.kind === 'unchanged').find(({ key }) => key.hash === keyHash);
  const order = unchanged && facts.findLast(({ event }) => event.version === unchanged.version)?.order;
  return order && { order, fingerprint: unchanged.key.fingerprint };
}
