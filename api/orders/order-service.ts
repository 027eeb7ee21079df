import { randomUUID } from 'node:crypto';
import type { Logger } from '../../config/logger.ts';
import type { CatalogView } from '../../db/catalog-view.ts';
import type { Journal } from '../../db/journal.ts';
import type { BoundAnswer, OrderRepository, OrderView } from '../../db/orders.ts';
import { isOutage } from '../../db/outage.ts';
import type { UserRepository } from '../../db/users.ts';
import type { Money } from '../../domain/money.ts';
import { maySee, open } from '../../domain/order/decider.ts';
import type { Refusal } from '../../domain/order/decision.ts';
import type {
  Fact,
  IdempotencyKey,
  KeptLine,
  Line,
  Location,
  Order,
  Patience,
  Placement,
} from '../../domain/order/order.ts';
import { type LineRequest, type Priced, price, type Unavailable } from '../../domain/order/pricing.ts';
import { allowedTransitions } from '../../domain/order/transitions.ts';
import type { Caller } from '../auth/caller.ts';
import { orderIdOf } from './idempotency.ts';
import { type Change, type OrderWorkflows, TemporalSilent } from './order-workflows.ts';

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
export interface Attribution {
  caller: Caller;
  /** Always there, so that a retry is safe whatever happens to the answer. */
  key: IdempotencyKey;
  /** The client chose the key, so it may have been used before. */
  keyGiven: boolean;
  /** `If-Match` */
  expectedVersion?: number | undefined;
  requestId: string;
  /** Do not wait for the outcome: `Prefer: respond-async`. */
  later?: boolean;
}

/** What became of a request that was not refused. */
export interface Done extends OrderView {
  /** It had been done before: this is the first answer again. */
  replayed: boolean;
}

/** It has been passed on and will be decided; the timeline tells. */
export interface Accepted {
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

interface NotFound {
  refused: 'not_found';
}

type ChangeResult = Done | Accepted | Refusal | Unavailable | KeyReused | NotFound | Unknown;

/** What can be done with orders. Refusals are values; exceptions mean that Postgres is away, or a bug. */
export interface OrderService {
  place(
    request: OrderRequest,
    attribution: Attribution,
  ): Promise<Done | Unavailable | PriceChanged | KeyReused | Unknown>;
  /** What these lines would cost now. Creates nothing. */
  quote(lines: LineRequest[]): Promise<Priced | Unavailable>;
  change(orderId: string, change: Change, attribution: Attribution): Promise<ChangeResult>;
  /** Changes what was ordered; new lines get today's price, known ones keep theirs. */
  edit(orderId: string, request: EditRequest, attribution: Attribution): Promise<ChangeResult>;
  /** An order that the caller may see: the row, or, where there is none, what its workflow says. */
  find(orderId: string, caller: Caller): Promise<OrderView | NotFound | Unknown>;
}

export interface OrderServiceDependencies {
  catalog: CatalogView;
  orders: OrderRepository;
  journal: Journal;
  workflows: OrderWorkflows;
  users: Pick<UserRepository, 'find'>;
  currency: string;
  patience: Patience;
  logger: Logger;
}

/** How long an answer waits for the read model to catch up with an earlier change, and how often it looks, in ms. */
const CATCH_UP = { deadline: 3_000, interval: 20 };

export function createOrderService(dependencies: OrderServiceDependencies): OrderService {
  const { catalog, orders, journal, workflows, users, currency, patience, logger } = dependencies;

  const place: OrderService['place'] = async (request, { caller, key, keyGiven, requestId }) => {
    const id = orderIdOf(key);
    // Side by side: a replay leaves its number unused.
    const [before, { offers, number }] = await Promise.all([
      keyGiven ? orders.answerTo(id, key.hash) : undefined,
      catalog.offersAndNumber(request.lines),
    ]);
    if (before) return replayOf(before, key, caller.name);

    const priced = asExpected(price(request.lines, offers, randomUUID, currency), request.expectedTotal);
    if ('refused' in priced) return (keyGiven && (await firstTryOf(id, key, caller))) || priced;

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
    const deadline = Date.now() + CATCH_UP.deadline;
    try {
      if ((await workflows.start(placement)) === 'exists') {
        return (await firstTryOf(id, key, caller)) ?? unknown(new TemporalSilent(`${id} exists, but cannot be read`));
      }
    } catch (error) {
      return unknown(error);
    }
    const fact = open(placement);
    // The order is durable now: its workflow will journal it if this does not.
    const journaled = await inTime(deadline, journal.record(fact)).catch((error) => error);
    if (journaled !== 'applied' && journaled !== 'already')
      logger.warn({ err: journaled, requestId }, 'placed, not yet journaled');
    return { order: fact.order, customerName: caller.name, replayed: false };
  };

  /** The order that an earlier request with this key placed, from the workflow it started. */
  async function firstTryOf(
    id: string,
    key: IdempotencyKey,
    caller: Caller,
  ): Promise<Done | KeyReused | Unknown | undefined> {
    try {
      const first = await workflows.placementOf(id);
      return first && replayOf(answerIn(open(first.placement)), key, caller.name);
    } catch (error) {
      return unknown(error);
    }
  }

  const quote: OrderService['quote'] = async (lines) => {
    const { offers } = await catalog.offersAndNumber(lines);
    return price(lines, offers, randomUUID, currency);
  };

  const change: OrderService['change'] = (orderId, change, attribution) =>
    ask(orderId, attribution, async () => change);

  const edit: OrderService['edit'] = (orderId, { lines, ...rest }, attribution) =>
    ask(orderId, attribution, async ({ order }) => {
      const whole = lines && (await priceNewLines(lines));
      if (!whole || !('refused' in whole)) return { update: 'edit', ...rest, lines: whole };
      const { expectedVersion } = attribution;
      const { version } = order;
      // A product that is gone matters only to who edits the order as it is.
      if (expectedVersion !== undefined && expectedVersion !== version) return { refused: 'version_mismatch', version };
      return whole;
    });

  async function priceNewLines(wanted: (KeptLine | LineRequest)[]): Promise<(KeptLine | Line)[] | Unavailable> {
    const requests = wanted.filter((line) => 'productId' in line);
    if (requests.length === 0) return wanted as KeptLine[];
    const { offers } = await catalog.offersAndNumber(requests);
    const priced = price(requests, offers, randomUUID, currency);
    if ('refused' in priced) {
      return { ...priced, lines: priced.lines.map((index) => wanted.indexOf(requests[index] as LineRequest)) };
    }
    const fresh = priced.lines[Symbol.iterator]();
    return wanted.map((line) => ('productId' in line ? (fresh.next().value as Line) : line));
  }

  /** Asks an order's workflow for a change: may you → is it a replay → what exactly → the workflow's answer. */
  async function ask(
    orderId: string,
    attribution: Attribution,
    prepare: (seen: OrderView) => Promise<Change | Unavailable | Refusal>,
  ): Promise<ChangeResult> {
    const { caller, key, keyGiven, expectedVersion, requestId } = attribution;
    const [seen, before] = await Promise.all([
      find(orderId, caller),
      keyGiven ? orders.answerTo(orderId, key.hash) : undefined,
    ]);
    if ('refused' in seen) return seen;
    if (before) return replayOf(before, key, seen.customerName);
    const change = await prepare(seen);
    if ('refused' in change) return change;
    const message = { actor: caller.actor, key, expectedVersion, requestId };
    const deadline = Date.now() + CATCH_UP.deadline;
    try {
      if (attribution.later) {
        const sent = await workflows.send(orderId, change, message);
        return sent ? { accepted: true } : await refuseClosed(orderId, attribution);
      }
      const outcome = await workflows.change(orderId, change, message);
      if (!('refused' in outcome)) {
        const { event, order, replayed } = outcome;
        if (!order) return replayOf(await journaledAnswer(orderId, key, deadline), key, seen.customerName);
        if (event) await catchUp({ event, order }, deadline);
        return { order, customerName: seen.customerName, replayed };
      }
      return outcome.refused === 'closed' ? await refuseClosed(orderId, attribution) : outcome;
    } catch (error) {
      return unknown(error);
    }
  }

  /** The workflow is gone, so Postgres has everything that it ever decided. */
  async function refuseClosed(
    orderId: string,
    { caller, key, keyGiven, expectedVersion }: Attribution,
  ): Promise<Done | Refusal | KeyReused | NotFound> {
    const [view, before] = await Promise.all([
      orders.find(orderId),
      keyGiven ? orders.answerTo(orderId, key.hash) : undefined,
    ]);
    if (!view) return { refused: 'not_found' };
    if (before) return replayOf(before, key, view.customerName);
    const { status: currentStatus, version } = view.order;
    if (expectedVersion !== undefined && expectedVersion !== version) return { refused: 'version_mismatch', version };
    const allowed = allowedTransitions(view.order, caller.actor);
    return { refused: 'illegal_transition', currentStatus, allowedTransitions: allowed, version };
  }

  /** Makes the read model show a fact before it is answered; the workflow's own activity fills a gap. */
  const catchUp = (fact: Fact, deadline: number): Promise<unknown> =>
    untilKnown(fact.event.id, deadline, async () => ((await journal.record(fact)) === 'gap' ? undefined : true));

  /** The answer of a key that the workflow knows of, but that only the journal still has. */
  const journaledAnswer = (orderId: string, { hash }: IdempotencyKey, deadline: number): Promise<BoundAnswer> =>
    untilKnown(orderId, deadline, () => orders.answerTo(orderId, hash));

  const find: OrderService['find'] = async (orderId, caller) => {
    let view = await orders.find(orderId);
    if (!view) {
      try {
        const order = await fromWorkflow(orderId);
        view = order && { order, customerName: (await users.find(order.customer.id))?.name ?? null };
      } catch (error) {
        return unknown(error);
      }
    }
    return view && maySee(view.order, caller.actor) ? view : { refused: 'not_found' };
  };

  async function fromWorkflow(orderId: string): Promise<Order | undefined> {
    const first = await workflows.placementOf(orderId);
    if (!first) return undefined;
    return first.untouched ? open(first.placement).order : workflows.current(orderId);
  }

  return { place, quote, change, edit, find };
}

/** @returns the prices, unless the customer was shown another total */
function asExpected<T extends Priced | Unavailable>(priced: T, expected: Money | undefined): T | PriceChanged {
  if ('refused' in priced || !expected) return priced;
  const { total } = priced;
  const same = total.amount === expected.amount && total.currency === expected.currency;
  return same ? priced : { refused: 'price_changed', total };
}

const answerIn = ({ event, order }: Fact): BoundAnswer => ({ order, fingerprint: event.key?.fingerprint ?? '' });

function replayOf(bound: BoundAnswer, key: IdempotencyKey, customerName: string | null): Done | KeyReused {
  return bound.fingerprint === key.fingerprint
    ? { order: bound.order, customerName, replayed: true }
    : { refused: 'idempotency_key_reused' };
}

/**
 * Asks Postgres until it knows. One that is slow or away counts as not knowing yet: what is asked for is decided all the same.
 *
 * @param deadline as `Date.now()` counts
 * @throws {TemporalSilent} at the deadline
 */
async function untilKnown<T>(what: string, deadline: number, ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await inTime(deadline, ask());
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new TemporalSilent(`${what} is decided, but cannot be read yet`);
    await new Promise((resolve) => setTimeout(resolve, CATCH_UP.interval));
  }
}

/** An answer of Postgres, or `undefined` at the deadline or while it is away: it may still take what it was given. */
async function inTime<T>(deadline: number, asked: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), deadline - Date.now());
  });
  try {
    return await Promise.race([asked, late]);
  } catch (error) {
    if (isOutage(error)) return undefined;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function unknown(error: unknown): Unknown {
  if (error instanceof TemporalSilent) return { refused: 'outcome_unknown', cause: error };
  throw error;
}
