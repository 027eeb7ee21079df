import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../config/logger.ts';
import type { CatalogView } from '../../db/catalog-view.ts';
import type { Journal } from '../../db/journal.ts';
import type { BoundAnswer, OrderRepository, OrderView, TimelineRow } from '../../db/orders.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Money } from '../../domain/money.ts';
import { maySee, placeOrder } from '../../domain/order/decider.ts';
import type { Refusal } from '../../domain/order/decision.ts';
import type {
  AlertThresholds,
  Fact,
  IdempotencyKey,
  KeptLine,
  Line,
  Location,
  Order,
  Placement,
} from '../../domain/order/order.ts';
import { type LineRequest, type Priced, price, type Unavailable } from '../../domain/order/pricing.ts';
import { isFinal } from '../../domain/order/transitions.ts';
import type { Decided } from '../../workflows/messages/history.ts';
import type { Caller } from '../auth/caller.ts';
import { byDeadline, OutcomeUnknown } from '../http/deadline.ts';
import { type ExpectedVersions, versionMismatch } from '../http/entity-tags.ts';
import { orderIdOf } from './idempotency.ts';
import type { Change, OrderWorkflows } from './workflows.ts';

/** An order in a customer's words. */
export interface OrderRequest {
  lines: LineRequest[];
  location: Location;
  note?: string;
  /** What the customer was shown: another total is refused. */
  expectedTotal?: Money;
}

/** What a customer wants different; what is left out stays. */
export interface EditRequest {
  /** All lines from now on: known ones by id, new ones as when placing. */
  lines?: (KeptLine | LineRequest)[];
  location?: Location;
  /** `null` clears it. */
  note?: string | null;
}

/** Who asks, and under which conditions. */
export interface Asked {
  caller: Caller;
  /** Always there, so that a retry is safe whatever happens to the answer. */
  key: IdempotencyKey;
  /** The client chose the key, so it may have been used before. */
  keyGiven: boolean;
  /** `If-Match` */
  expected?: ExpectedVersions;
  requestId: string;
  /** When it must be answered, in ms since the epoch, even if only that the outcome is not known (design §3). */
  deadline: number;
  /** Do not wait for the outcome: `Prefer: respond-async`. */
  later?: boolean;
}

/** What became of a request that was not refused. */
export interface Done extends OrderView {
  /** It had been done before: this is the first answer again. */
  replayed: boolean;
}

/** The change was passed on and will be decided; the order is as it was before. */
export interface Accepted extends OrderView {
  accepted: true;
}

/** It may or may not have happened; the same key makes a retry safe. */
interface Unknown {
  refused: 'outcome_unknown';
  cause: unknown;
}

interface KeyReused {
  refused: 'idempotency_key_reused';
}

interface PriceChanged {
  refused: 'price_changed';
  total: Money;
}

/** The workflow has ended before the order has: deleted or terminated by hand, say. */
type WorkflowGone = Omit<Extract<Refusal, { refused: 'illegal_transition' }>, 'refused'> & { refused: 'workflow_gone' };

interface NotFound {
  refused: 'not_found';
}

type ChangeResult = Done | Accepted | Refusal | Unavailable | KeyReused | WorkflowGone | NotFound | Unknown;

/** What can be done with orders. Refusals are values; exceptions mean that Postgres is away, or a bug. */
export interface OrderService {
  place(request: OrderRequest, asked: Asked): Promise<Done | Unavailable | PriceChanged | KeyReused | Unknown>;
  /** What these lines would cost now. Creates nothing. */
  quote(lines: LineRequest[]): Promise<Priced | Unavailable>;
  change(orderId: string, change: Change, asked: Asked): Promise<ChangeResult>;
  /** Changes what was ordered; new lines get today's price, known ones keep theirs. */
  edit(orderId: string, request: EditRequest, asked: Asked): Promise<ChangeResult>;
  /** An order that the caller may see: the row, or, where there is none, what its workflow says. */
  find(orderId: string, asked: Pick<Asked, 'caller' | 'deadline'>): Promise<OrderView | NotFound | Unknown>;
  /** Everything that happened to an order that was found, oldest first; from its workflow, where Postgres knows nothing of it. */
  timeline(orderId: string, deadline: number): Promise<TimelineRow[] | Unknown>;
}

export interface OrderServiceDependencies {
  catalog: CatalogView;
  orders: OrderRepository;
  journal: Journal;
  workflows: OrderWorkflows;
  users: Pick<UserRepository, 'find'>;
  currency: string;
  patience: AlertThresholds;
  logger: Logger;
}

/** How often an answer that waits for the read model looks at it, in ms. */
const INTERVAL = 20;

/** After so many looks, half a second, what the read model lacks is written down. */
const FILLED_AFTER = 25;

export function createOrderService(dependencies: OrderServiceDependencies): OrderService {
  const { catalog, orders, journal, workflows, users, currency, patience, logger } = dependencies;

  const place: OrderService['place'] = async (request, { caller, key, keyGiven, requestId, deadline }) => {
    const id = orderIdOf(key);
    const [before, { offers, number }] = await Promise.all([
      keyGiven ? orders.answerTo(id, key.hash) : undefined,
      catalog.offersAndNumber(request.lines),
    ]);
    if (before) return replayOf(before, key, caller.name);

    const priced = asExpected(price(request.lines, offers, randomUUID, currency), request.expectedTotal);
    if ('refused' in priced) return (keyGiven && (await firstTryOf(id, key, caller, deadline))) || priced;

    const { location, note } = request;
    const customer = { id: caller.id };
    const placedAt = new Date().toISOString();
    const placement: Placement = {
      id,
      number,
      customer,
      location,
      note: note || null,
      ...priced,
      placedAt,
      patience,
      key,
      requestId,
    };
    try {
      if ((await workflows.start(placement, deadline)) === 'exists') {
        // Where it is no order of this shop, another shop of the namespace has the same customer and key.
        return (await firstTryOf(id, key, caller, deadline)) ?? { refused: 'idempotency_key_reused' };
      }
    } catch (error) {
      return unknown(error);
    }
    const fact = placeOrder(placement);
    // The order is durable now: its workflow will journal it if this does not.
    const journaled = await byDeadline(deadline, journal.record(fact)).catch(logged(requestId));
    if (!journaled) logger.warn({ requestId, orderId: id }, 'placed, not yet journaled');
    return { order: fact.order, customerName: caller.name, replayed: false };
  };

  /** The order that an earlier request with this key placed, from the workflow it started. */
  async function firstTryOf(
    id: string,
    key: IdempotencyKey,
    caller: Caller,
    deadline: number,
  ): Promise<Done | KeyReused | Unknown | undefined> {
    try {
      const first = await workflows.historyOf(id, deadline);
      return first && replayOf(answerIn(placeOrder(first.placement)), key, caller.name);
    } catch (error) {
      return unknown(error);
    }
  }

  const quote: OrderService['quote'] = async (lines) => {
    return price(lines, await catalog.offers(lines), randomUUID, currency);
  };

  const change: OrderService['change'] = (orderId, change, asked) => ask(orderId, asked, async () => change);

  const edit: OrderService['edit'] = (orderId, { lines, location, note }, asked) =>
    ask(orderId, asked, async ({ order }) => {
      const whole = lines && (await priceNewLines(lines));
      if (!whole || !('refused' in whole))
        return { update: 'edit', lines: whole, location, note: note === '' ? null : note };
      // 412 comes before 409.
      return versionMismatch(asked.expected, order.version) ?? whole;
    });

  async function priceNewLines(wanted: (KeptLine | LineRequest)[]): Promise<(KeptLine | Line)[] | Unavailable> {
    const requests = wanted.filter((line) => 'productId' in line);
    if (requests.length === 0) return wanted as KeptLine[];
    const priced = price(requests, await catalog.offers(requests), randomUUID, currency);
    if ('refused' in priced) {
      return { ...priced, lines: priced.lines.map((index) => wanted.indexOf(requests[index] as LineRequest)) };
    }
    const fresh = priced.lines[Symbol.iterator]();
    return wanted.map((line) => ('productId' in line ? (fresh.next().value as Line) : line));
  }

  /** Asks an order's workflow for a change: may you → is it a replay → what exactly → the workflow's answer. */
  async function ask(
    orderId: string,
    asked: Asked,
    prepare: (seen: OrderView) => Promise<Change | Unavailable | Refusal>,
  ): Promise<ChangeResult> {
    const { caller, key, keyGiven, expected, requestId, deadline } = asked;
    const [seen, before] = await Promise.all([
      find(orderId, asked),
      keyGiven ? orders.answerTo(orderId, key.hash) : undefined,
    ]);
    if ('refused' in seen) return seen;
    if (before) return replayOf(before, key, seen.customerName);
    const change = await prepare(seen);
    if ('refused' in change) return (keyGiven && (await earlierChange(seen, asked))) || change;
    const message = { actor: caller.actor, key, expectedVersion: oneOf(expected, seen.order), requestId };
    try {
      if (asked.later) {
        const sent = await workflows.send(orderId, change, message, deadline);
        return sent ? { ...seen, accepted: true } : await refuseClosed(seen, asked);
      }
      const outcome = await workflows.change(orderId, change, message, deadline);
      if (!('refused' in outcome)) {
        const { event, order, replayed } = outcome;
        if (!order) return replayOf(await earlierAnswer(orderId, key, deadline), key, seen.customerName);
        if (event) await catchUp({ event, order }, deadline);
        return { order, customerName: seen.customerName, replayed };
      }
      return outcome.refused === 'closed' ? await refuseClosed(seen, asked) : outcome;
    } catch (error) {
      return unknown(error);
    }
  }

  /** What a key has changed already although Postgres does not know of it yet: that comes before any refusal. */
  async function earlierChange(
    { order, customerName }: OrderView,
    { key, deadline }: Asked,
  ): Promise<Done | KeyReused | Unknown | undefined> {
    try {
      const before = await answerInHistory(order.id, key, deadline);
      return before && replayOf(before, key, customerName);
    } catch (error) {
      return unknown(error);
    }
  }

  /**
   * Answers a change of an order whose workflow has ended. What it decided stands in Postgres, and in its history as long as
   * Temporal keeps it: Postgres may have been restored from before.
   *
   * @throws {OutcomeUnknown}
   */
  async function refuseClosed(
    seen: OrderView,
    { key, keyGiven, expected, deadline }: Asked,
  ): Promise<Done | Refusal | KeyReused | WorkflowGone> {
    const { id } = seen.order;
    const { customerName } = seen;
    const journaled = keyGiven ? await orders.answerTo(id, key.hash) : undefined;
    if (journaled) return replayOf(journaled, key, customerName);
    const [row, decided] = await Promise.all([orders.find(id), workflows.decided(id, deadline)]);
    const before = keyGiven && decided ? answerFrom(decided, key.hash) : undefined;
    if (before) return replayOf(before, key, customerName);
    const last = decided?.order;
    const read = row?.order ?? seen.order;
    const { status: currentStatus, version } = last && last.version > read.version ? last : read;
    const mismatch = versionMismatch(expected, version);
    if (mismatch) return mismatch;
    const nowhere = { currentStatus, allowedTransitions: [], version };
    return { refused: isFinal(currentStatus) ? 'illegal_transition' : 'workflow_gone', ...nowhere };
  }

  /**
   * Makes the read model show a fact before it is answered. What comes before it the workflow's own activity writes down, unless
   * Postgres was restored from before that.
   */
  async function catchUp(fact: Fact, deadline: number): Promise<void> {
    let gaps = 0;
    await untilKnown(fact.event.id, deadline, async () => {
      if ((await journal.record(fact)) !== 'gap') return true;
      gaps += 1;
      if (gaps === FILLED_AFTER) await fill(fact.order.id, deadline);
      return undefined;
    });
  }

  /** Writes down what the read model lacks of an order. */
  async function fill(orderId: string, deadline: number): Promise<void> {
    const { entries = [] } = (await workflows.decided(orderId, deadline)) ?? {};
    for (const entry of await journal.missing(orderId, entries)) await journal.write(entry);
  }

  /** The answer of a key that the workflow knows of, but that only the journal or an earlier run still has. */
  const earlierAnswer = (orderId: string, key: IdempotencyKey, deadline: number): Promise<BoundAnswer> =>
    untilKnown(
      orderId,
      deadline,
      async () => (await orders.answerTo(orderId, key.hash)) ?? answerInHistory(orderId, key, deadline),
    );

  /** @throws {OutcomeUnknown} */
  async function answerInHistory(
    orderId: string,
    { hash }: IdempotencyKey,
    deadline: number,
  ): Promise<BoundAnswer | undefined> {
    const decided = await workflows.decided(orderId, deadline);
    return decided && answerFrom(decided, hash);
  }

  /**
   * Asks Postgres until it knows. Whatever goes wrong counts as not knowing yet: what is asked for is decided all the same.
   *
   * @throws {OutcomeUnknown} at the deadline
   */
  async function untilKnown<T>(what: string, deadline: number, ask: () => Promise<T | undefined>): Promise<T> {
    for (;;) {
      const answer = await byDeadline(deadline, ask()).catch(logged(what));
      if (answer !== undefined) return answer;
      if (Date.now() >= deadline) throw new OutcomeUnknown(`${what} is decided, but cannot be read yet`);
      await setTimeout(INTERVAL);
    }
  }

  const logged =
    (what: string) =>
    (error: unknown): undefined => {
      logger.warn({ err: error, what }, 'Postgres did not take or tell what is decided');
    };

  const find: OrderService['find'] = async (orderId, { caller, deadline }) => {
    let view = await orders.find(orderId);
    if (!view) {
      try {
        const order = await fromWorkflow(orderId, deadline);
        view = order && { order, customerName: (await users.find(order.customer.id))?.name ?? null };
      } catch (error) {
        return unknown(error);
      }
    }
    return view && maySee(view.order, caller.actor) ? view : { refused: 'not_found' };
  };

  async function fromWorkflow(orderId: string, deadline: number): Promise<Order | undefined> {
    const history = await workflows.historyOf(orderId, deadline);
    if (!history) return undefined;
    return history.untouched ? placeOrder(history.placement).order : workflows.current(orderId, deadline);
  }

  const timeline: OrderService['timeline'] = async (orderId, deadline) => {
    const rows = await orders.timeline(orderId);
    if (rows.some(({ kind }) => kind === 'event')) return rows;
    try {
      const facts = (await workflows.historyOf(orderId, deadline))?.facts ?? [];
      return [...facts.map(({ event }) => ({ kind: 'event' as const, at: new Date(event.at), event })), ...rows];
    } catch (error) {
      return unknown(error);
    }
  };

  return { place, quote, change, edit, find, timeline };
}

/** @returns the prices, unless the customer was shown another total */
function asExpected<T extends Priced | Unavailable>(priced: T, expected: Money | undefined): T | PriceChanged {
  if ('refused' in priced || !expected) return priced;
  const { total } = priced;
  const same = total.amount === expected.amount && total.currency === expected.currency;
  return same ? priced : { refused: 'price_changed', total };
}

const answerIn = ({ event, order }: Fact): BoundAnswer => ({ order, fingerprint: event.key?.fingerprint ?? '' });

/** What a key was answered, as its order's history has it. */
function answerFrom({ entries }: Decided, hash: string): BoundAnswer | undefined {
  const facts = entries.filter((entry) => entry.kind === 'fact');
  const changed = facts.find(({ event }) => event.key?.hash === hash);
  if (changed) return answerIn(changed);
  const unchanged = entries.find((entry) => entry.kind === 'unchanged' && entry.key.hash === hash);
  if (unchanged?.kind !== 'unchanged') return undefined;
  const order = facts.findLast(({ event }) => event.version === unchanged.version)?.order;
  return order && { order, fingerprint: unchanged.key.fingerprint };
}

/** The one version that a workflow is asked to insist on: the present one, if the client accepts it. Versions start at 1. */
function oneOf(expected: ExpectedVersions, { version }: Order): number | undefined {
  if (!expected) return undefined;
  return expected.includes(version) ? version : Math.max(0, ...expected);
}

function replayOf(bound: BoundAnswer, key: IdempotencyKey, customerName: string | null): Done | KeyReused {
  return bound.fingerprint === key.fingerprint
    ? { order: bound.order, customerName, replayed: true }
    : { refused: 'idempotency_key_reused' };
}

function unknown(error: unknown): Unknown {
  if (error instanceof OutcomeUnknown) return { refused: 'outcome_unknown', cause: error };
  throw error;
}
