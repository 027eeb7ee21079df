import { decide, evolve, open, type Refusal } from '../domain/order/decider.ts';
import type { JournalEntry } from '../domain/order/journal-entry.ts';
import type { Command, Fact, Order, Placement } from '../domain/order/order.ts';
import type { Malformed } from '../domain/order/parse-message.ts';
import { isFinal } from '../domain/order/transitions.ts';
import type { Outcome } from './messages.ts';

/** Why a message changes nothing. */
export type Rejected = Refusal | Malformed | { refused: 'idempotency_key_reused' };

/** An order's state and what has yet to be told of it: `evolve` behind one door. */
export interface OrderBook {
  readonly order: Order;
  /** No change can come any more. */
  readonly final: boolean;
  /** One queue a channel, so that a slow one delays no other. */
  readonly queues: { journal: JournalEntry[]; redis: Fact[]; email: Fact[] };
  /** Whether nothing is left to tell. */
  readonly told: boolean;
  /** Why a command would be refused, if it would. Changes nothing. */
  refusalOf(command: Command | Malformed): Rejected | undefined;
  /** Takes a command that is not refused and answers its fact; a known idempotency key's answer is the first one. */
  apply(command: Command): Outcome;
  /** Writes a refused signal down. */
  reject(command: Command | Malformed, rejected: Rejected): void;
}

/**
 * Opens the book of an order with its first fact.
 *
 * @param now the workflow's clock, RFC 3339
 * @param onChange called after every fact, the first one excepted
 */
export function openBook(placement: Placement, now: () => string, onChange: (order: Order) => void): OrderBook {
  const first = open(placement);
  let order = first.order;
  let rejections = 0;
  const byKey = new Map<string, Fact>();
  const queues: OrderBook['queues'] = { journal: [], redis: [], email: [] };

  function record(fact: Fact): void {
    queues.journal.push({ kind: 'fact', ...fact });
    queues.redis.push(fact);
    queues.email.push(fact);
  }

  function refusalOf(command: Command | Malformed): Rejected | undefined {
    if ('refused' in command) return command;
    const known = command.key && byKey.get(command.key.hash);
    if (known) {
      return known.event.key?.fingerprint === command.key?.fingerprint
        ? undefined
        : { refused: 'idempotency_key_reused' };
    }
    const decision = decide(order, command, now());
    return 'refused' in decision ? decision : undefined;
  }

  function apply(command: Command): Outcome {
    const known = command.key && byKey.get(command.key.hash);
    if (known) return { ...known, replayed: true };
    const event = decide(order, command, now());
    if ('refused' in event) throw new TypeError(`applied a command that is refused: ${event.refused}`);
    order = evolve(order, event);
    const fact = { event, order };
    if (event.key) byKey.set(event.key.hash, fact);
    record(fact);
    onChange(order);
    return { ...fact, replayed: false };
  }

  function reject(command: Command | Malformed, rejected: Rejected): void {
    rejections += 1;
    const readable = 'refused' in command ? undefined : command;
    queues.journal.push({
      kind: 'rejected',
      id: `${order.id}:rejected:${rejections}`,
      orderId: order.id,
      at: now(),
      actor: readable?.actor ?? null,
      to: readable ? (readable.type === 'cancel' ? 'cancelled' : readable.to) : null,
      reason: 'detail' in rejected ? rejected.detail : rejected.refused,
    });
  }

  // The key that placed the order is as used as any other.
  if (first.event.key) byKey.set(first.event.key.hash, first);
  record(first);
  return {
    get order() {
      return order;
    },
    get final() {
      return isFinal(order.status);
    },
    get told() {
      return Object.values(queues).every((queue) => queue.length === 0);
    },
    queues,
    refusalOf,
    apply,
    reject,
  };
}
