import { nextAlert, raise } from '../domain/order/alerts.ts';
import { decide as decideOrder, evolve, placeOrder } from '../domain/order/decider.ts';
import type { Alert, Command, Fact, KeyReused, Order, OrderEvent, Placement, Refusal } from '../domain/order/order.ts';
import { isFinal, type Status } from '../domain/order/transitions.ts';
import type { OrderRunOptions, Start, UpdateResult } from './messages/definitions.ts';
import type { Malformed } from './messages/parse.ts';
import { Outbox } from './outbox.ts';

/** Why a message is refused. */
export type MessageRefusal = Refusal | Malformed | KeyReused;

/** An accepted command and its event. The event is null for an edit that makes no difference. */
interface Accepted {
  command: Command;
  event: OrderEvent | null;
}

/** A repeated command, and the answer to the earlier one with the same idempotency key. */
interface Replayed {
  earlier: Answer;
}

type Answer = Omit<UpdateResult, 'replayed'>;

/** The maximum number of idempotency keys that the next run gets. The API finds older keys in Postgres. */
const MAX_CARRIED_KEYS = 5_000;

/** Replaces the answer for a key that an earlier run accepted. The API then reads the answer from Postgres. */
const ANSWER_IN_POSTGRES: Answer = { order: null, event: null };

/** An order, the idempotency keys that it accepted, and its outbox. */
export class OrderState {
  order: Order;
  readonly outbox: Outbox;
  readonly #placement: Placement;
  readonly #onChange: (before: Order, after: Order) => void;
  readonly #results = new Map<string, { fingerprint: string; answer: Answer }>();
  /** When the order got its status, in ms since the epoch. */
  #statusSince: number;
  #rejections: number;

  /** @param onChange called after every event, except the first one, with the order before and after it */
  constructor(
    { carried, ...placement }: Start,
    { announces = false }: Pick<OrderRunOptions, 'announces'>,
    onChange: (before: Order, after: Order) => void,
  ) {
    const first = placeOrder(placement);
    this.order = carried?.order ?? first.order;
    this.outbox = new Outbox(placement.id, announces, carried?.queues);
    this.#placement = placement;
    this.#onChange = onChange;
    this.#statusSince = carried?.since ?? Date.parse(placement.placedAt);
    this.#rejections = carried?.rejections ?? 0;
    for (const [hash, fingerprint] of carried?.keys ?? []) {
      this.#results.set(hash, { fingerprint, answer: ANSWER_IN_POSTGRES });
    }
    this.#saveAnswer(placement, first);
    if (!carried) this.outbox.add(first);
  }

  /** Whether the order is in a final status and its outbox is empty. */
  get isDone(): boolean {
    return isFinal(this.order.status) && this.outbox.isEmpty;
  }

  /** Returns the decision on a message, without applying it. */
  decide(message: Command | Malformed): Accepted | Replayed | MessageRefusal {
    if ('refused' in message) return message;
    const known = message.key && this.#results.get(message.key.hash);
    if (known) {
      const isSameRequest = known.fingerprint === message.key?.fingerprint;
      return isSameRequest ? { earlier: known.answer } : { refused: 'idempotency_key_reused' };
    }
    const decision = decideOrder(this.order, message, new Date().toISOString());
    if ('refused' in decision) return decision;
    return { command: message, event: 'unchanged' in decision ? null : decision };
  }

  /** Applies a decision and returns the answer to its update. */
  apply(decision: Accepted | Replayed): UpdateResult {
    if ('earlier' in decision) return { ...decision.earlier, replayed: true };
    const { command, event } = decision;
    const answer = event ? this.#applyEvent(event) : this.#recordUnchanged(command);
    this.#saveAnswer(command, answer);
    return { ...answer, replayed: false };
  }

  #applyEvent(event: OrderEvent): Fact {
    if (event.from !== event.to) this.#statusSince = Date.parse(event.at);
    return this.#record({ event, order: evolve(this.order, event) });
  }

  #recordUnchanged({ key }: Command): Answer {
    const { id: orderId, version } = this.order;
    const at = new Date().toISOString();
    if (key) this.outbox.queues.journal.push({ kind: 'unchanged', orderId, version, at, key });
    return { event: null, order: this.order };
  }

  #saveAnswer({ key }: Pick<Command, 'key'>, answer: Answer): void {
    if (key) this.#results.set(key.hash, { fingerprint: key.fingerprint, answer });
  }

  #record(fact: Fact): Fact {
    const before = this.order;
    this.order = fact.order;
    this.outbox.add(fact);
    this.#onChange(before, fact.order);
    return fact;
  }

  /** Journals a refused signal, for the timeline. */
  reject(message: Command | Malformed, refusal: MessageRefusal): void {
    this.#rejections += 1;
    const command = 'refused' in message ? undefined : message;
    this.outbox.queues.journal.push({
      kind: 'rejected',
      id: `${this.order.id}:rejected:${this.#rejections}`,
      orderId: this.order.id,
      at: new Date().toISOString(),
      actor: command?.actor ?? null,
      to: command ? targetOf(command) : null,
      reason: 'detail' in refusal ? refusal.detail : refusal.refused,
    });
  }

  /** Returns the alert that the order raises next if its status does not change, and the alert's time in ms since the epoch. */
  nextAlert(): { alert: Alert; at: number } | undefined {
    const { patience: alertThresholds } = this.#placement;
    return alertThresholds && nextAlert(this.order, this.#statusSince, alertThresholds);
  }

  raiseAlert(alert: Alert): void {
    this.#record(raise(this.order, alert, new Date().toISOString()));
  }

  /** Returns the start of the next run. */
  carry(): Start {
    const queues = this.outbox.carry();
    const keys = [...this.#results]
      .slice(-MAX_CARRIED_KEYS)
      .map(([hash, { fingerprint }]): [string, string] => [hash, fingerprint]);
    const carried = { order: this.order, since: this.#statusSince, rejections: this.#rejections, queues, keys };
    return { ...this.#placement, carried };
  }
}

function targetOf(command: Command): Status | null {
  if (command.type === 'edit') return null;
  return command.type === 'cancel' ? 'cancelled' : command.to;
}
