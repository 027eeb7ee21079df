import { nextAlert, raise } from '../domain/order/alerts.ts';
import { decide, evolve, placeOrder } from '../domain/order/decider.ts';
import type { Refusal } from '../domain/order/decision.ts';
import type { Alert, Command, Fact, Order, OrderEvent } from '../domain/order/order.ts';
import { type Audience, recipientsOf } from '../domain/order/recipients.ts';
import { isFinal, type Status } from '../domain/order/transitions.ts';
import type { Queues, Start, UpdateResult } from './messages/definitions.ts';
import type { Malformed } from './messages/parse.ts';

/** Why a message changes nothing. */
export type Rejected = Refusal | Malformed | { refused: 'idempotency_key_reused' };

/** An order's state and what has yet to be told of it: `evolve` behind one door. */
export interface OrderBook {
  readonly order: Order;
  /** No change can come any more. */
  readonly final: boolean;
  /** See {@link Queues}. */
  readonly queues: Queues;
  /** Whether nothing is left to tell. */
  readonly told: boolean;
  /** When the order got its status, in ms since the epoch. */
  readonly since: number;
  /** See {@link nextAlert}. */
  nextAlert(): { alert: Alert; at: number } | undefined;
  /** Flags the order and tells everyone. */
  raise(alert: Alert): void;
  /** Why a command would be refused, if it would. Changes nothing. */
  refusalOf(command: Command | Malformed): Rejected | undefined;
  /** Takes a command that is not refused and answers its fact; a known idempotency key's answer is the first one. */
  apply(command: Command): UpdateResult;
  /** Writes a refused signal down. */
  reject(command: Command | Malformed, rejected: Rejected): void;
  /** Writes down that an audience will not hear of the oldest facts in its queue, and drops them. */
  giveUp(audience: Audience, count: number, error: string): void;
  /** Whether these queues fit into the start of the next run whole. */
  fits(...queues: (keyof Queues)[]): boolean;
  /** Everything that the order's next run needs to go on. What an audience's queue has too much of is given up. */
  carry(): Start;
}

/** Most bytes of a queue that the next run takes over: Temporal takes a start of 2 MB. */
const QUEUE_BYTES = 400_000;

const sizes = new WeakMap<object, number>();

/** In JSON, about. Measured once: entries never change, and what is too much to carry is looked at after every event. */
export function sizeOf(entry: object): number {
  const size = sizes.get(entry) ?? JSON.stringify(entry).length;
  sizes.set(entry, size);
  return size;
}

/** With the brackets and commas between. */
const sizeOfAll = (queue: readonly object[]): number => queue.reduce((sum, entry) => sum + sizeOf(entry) + 1, 1);

/** Most keys that the next run knows: bounds its start. Older ones are long in Postgres, which is asked first. */
const KEYS = 5_000;

/**
 * Opens the book of an order with its first fact.
 *
 * @param now the workflow's clock, RFC 3339
 * @param onChange called after every fact, the first one excepted
 */
export function openBook(start: Start, now: () => string, onChange: (order: Order) => void): OrderBook {
  const { carried, ...placement } = start;
  const first = placeOrder(placement);
  let order = carried?.order ?? first.order;
  let since = carried?.since ?? Date.parse(placement.placedAt);
  let rejections = carried?.rejections ?? 0;
  const byKey = new Map<string, { fingerprint: string; answer: Omit<UpdateResult, 'replayed'> }>();
  const queues = carried?.queues ?? { journal: [], redis: [], customer: [], shop: [] };

  function record(fact: Fact): void {
    queues.journal.push({ kind: 'fact', ...fact });
    for (const recipient of recipientsOf(fact.event)) queues[recipient].push(fact);
  }

  function refusalOf(command: Command | Malformed): Rejected | undefined {
    if ('refused' in command) return command;
    const known = knownAnswer(command);
    if (known)
      return known.fingerprint === command.key?.fingerprint ? undefined : { refused: 'idempotency_key_reused' };
    const decision = decide(order, command, now());
    return 'refused' in decision ? decision : undefined;
  }

  const knownAnswer = ({ key }: Command) => (key ? byKey.get(key.hash) : undefined);

  function apply(command: Command): UpdateResult {
    const known = knownAnswer(command);
    if (known) return { ...known.answer, replayed: true };
    const decision = decide(order, command, now());
    if ('refused' in decision) throw new TypeError(`applied a command that is refused: ${decision.refused}`);
    const answer = 'unchanged' in decision ? keepUnchanged(command) : keep(decision);
    if (command.key) byKey.set(command.key.hash, { fingerprint: command.key.fingerprint, answer });
    return { ...answer, replayed: false };
  }

  function keep(event: OrderEvent): Fact {
    if (event.from !== event.to) since = Date.parse(event.at);
    order = evolve(order, event);
    const fact = { event, order };
    record(fact);
    onChange(order);
    return fact;
  }

  function keepUnchanged({ key }: Command): Omit<UpdateResult, 'replayed'> {
    const { id: orderId, version } = order;
    if (key) queues.journal.push({ kind: 'unchanged', orderId, version, at: now(), key });
    return { event: null, order };
  }

  function raiseAlert(alert: Alert): void {
    const fact = raise(order, alert, now());
    order = fact.order;
    record(fact);
    onChange(order);
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
      to: readable ? targetOf(readable) : null,
      reason: 'detail' in rejected ? rejected.detail : rejected.refused,
    });
  }

  function giveUp(audience: Audience, count: number, error: string): void {
    const eventIds = queues[audience].splice(0, count).map(({ event }) => event.id);
    queues.journal.push({ kind: 'given_up', orderId: order.id, audience, eventIds, at: now(), error });
  }

  function carry(): Start {
    for (const audience of ['redis', 'customer', 'shop'] as const) shorten(audience);
    const keys = [...byKey].slice(-KEYS).map(([hash, { fingerprint }]): [string, string] => [hash, fingerprint]);
    return { ...placement, carried: { order, since, rejections, queues, keys } };
  }

  /** Of an audience that has been away for very long: what no longer fits into a start is given up, the oldest first. */
  function shorten(audience: Audience): void {
    const queue = queues[audience];
    let size = sizeOfAll(queue);
    let count = 0;
    for (const fact of queue) {
      if (size <= QUEUE_BYTES) break;
      size -= sizeOf(fact);
      count += 1;
    }
    if (count > 0) giveUp(audience, count, 'There was too much to deliver at once.');
  }

  for (const [hash, fingerprint] of carried?.keys ?? []) byKey.set(hash, { fingerprint, answer: elsewhere });
  // The key that placed the order is as used as any other.
  if (first.event.key) byKey.set(first.event.key.hash, { fingerprint: first.event.key.fingerprint, answer: first });
  if (!carried) record(first);
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
    get since() {
      return since;
    },
    nextAlert: () => placement.patience && nextAlert(order, since, placement.patience),
    raise: raiseAlert,
    fits: (...names) => names.every((name) => sizeOfAll(queues[name]) <= QUEUE_BYTES),
    queues,
    refusalOf,
    apply,
    reject,
    giveUp,
    carry,
  };
}

/** The answer of a key from an earlier run: Postgres has it. */
const elsewhere = { order: null, event: null };

/** The status that a command aims at; an edit aims at none. */
function targetOf(command: Command): Status | null {
  if (command.type === 'edit') return null;
  return command.type === 'cancel' ? 'cancelled' : command.to;
}
