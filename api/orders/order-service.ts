import { randomUUID } from 'node:crypto';
import type { Logger } from '../../config/logger.ts';
import type { CatalogView } from '../../db/catalog-view.ts';
import type { Journal, Journaled } from '../../db/journal.ts';
import type { OrderRepository, OrderView } from '../../db/orders.ts';
import { isOutage } from '../../db/outage.ts';
import type { UserRepository } from '../../db/users.ts';
import { maySee, open, type Refusal } from '../../domain/order/decider.ts';
import type { Fact, IdempotencyKey, Location, Order, Placement } from '../../domain/order/order.ts';
import { type LineRequest, price, type Unavailable } from '../../domain/order/pricing.ts';
import { allowedTransitions } from '../../domain/order/transitions.ts';
import type { Caller } from '../auth/caller.ts';
import { orderIdOf } from './idempotency.ts';
import { type Change, type OrderWorkflows, TemporalSilent } from './order-workflows.ts';

/** An order in a customer's words. */
export interface OrderRequest {
  lines: LineRequest[];
  location: Location;
  note?: string;
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
}

/** What became of a request that was not refused. */
export interface Done extends OrderView {
  /** It had been done before: this is the first answer again. */
  replayed: boolean;
}

/** It may or may not have happened; the same key makes a retry safe. */
interface Unknown {
  refused: 'outcome_unknown';
  cause: unknown;
}

interface KeyReused {
  refused: 'idempotency_key_reused';
}

interface NotFound {
  refused: 'not_found';
}

/** What can be done with orders. Refusals are values; exceptions mean that Postgres is away, or a bug. */
export interface OrderService {
  place(request: OrderRequest, attribution: Attribution): Promise<Done | Unavailable | KeyReused | Unknown>;
  change(
    orderId: string,
    change: Change,
    attribution: Attribution,
  ): Promise<Done | Refusal | KeyReused | NotFound | Unknown>;
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
  logger: Logger;
}

/** How long an answer waits for the read model to catch up with an earlier change, and how often it looks, in ms. */
const CATCH_UP = { deadline: 3_000, interval: 20 };

export function createOrderService(dependencies: OrderServiceDependencies): OrderService {
  const { catalog, orders, journal, workflows, users, currency, logger } = dependencies;

  const place: OrderService['place'] = async (request, { caller, key, keyGiven, requestId }) => {
    const id = orderIdOf(key);
    const before = keyGiven && (await orders.factOf(id, { version: 1 }));
    if (before) return replayOf(before, key, caller.name);

    const { offers, number } = await catalog.offersAndNumber(request.lines);
    const priced = price(request.lines, offers, randomUUID, currency);
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
    const journaled = await recordBy(deadline, fact).catch((error) => error);
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
      return first && replayOf(open(first.placement), key, caller.name);
    } catch (error) {
      return unknown(error);
    }
  }

  const change: OrderService['change'] = async (orderId, change, attribution) => {
    const { caller, key, keyGiven, expectedVersion, requestId } = attribution;
    const [seen, before] = await Promise.all([
      find(orderId, caller),
      keyGiven ? orders.factOf(orderId, { keyHash: key.hash }) : undefined,
    ]);
    if ('refused' in seen) return seen;
    if (before) return replayOf(before, key, seen.customerName);
    const deadline = Date.now() + CATCH_UP.deadline;
    try {
      const outcome = await workflows.change(orderId, change, { actor: caller.actor, key, expectedVersion, requestId });
      if (!('refused' in outcome)) {
        await catchUp(outcome, deadline);
        return { order: outcome.order, customerName: seen.customerName, replayed: outcome.replayed };
      }
      return outcome.refused === 'closed' ? await refuseClosed(orderId, attribution) : outcome;
    } catch (error) {
      return unknown(error);
    }
  };

  /** The workflow is gone, so Postgres has everything that it ever decided. */
  async function refuseClosed(
    orderId: string,
    { caller, key, keyGiven, expectedVersion }: Attribution,
  ): Promise<Done | Refusal | KeyReused | NotFound> {
    const [view, before] = await Promise.all([
      orders.find(orderId),
      keyGiven ? orders.factOf(orderId, { keyHash: key.hash }) : undefined,
    ]);
    if (!view) return { refused: 'not_found' };
    if (before) return replayOf(before, key, view.customerName);
    const { status: currentStatus, version } = view.order;
    if (expectedVersion !== undefined && expectedVersion !== version) return { refused: 'version_mismatch', version };
    const allowed = allowedTransitions(view.order, caller.actor);
    return { refused: 'illegal_transition', currentStatus, allowedTransitions: allowed, version };
  }

  /**
   * Makes the read model show a fact before it is answered; the workflow's own activity fills a gap.
   *
   * @param deadline as `Date.now()` counts
   */
  async function catchUp(fact: Fact, deadline: number): Promise<void> {
    while ((await recordBy(deadline, fact)) === 'gap') {
      if (Date.now() > deadline) throw new TemporalSilent(`${fact.event.id} is decided, but cannot be read yet`);
      await new Promise((resolve) => setTimeout(resolve, CATCH_UP.interval));
    }
  }

  /**
   * Records a fact, or answers `gap` at the deadline: a Postgres that is slower may still take it, which does no harm.
   * So does one that is away for the moment: what is decided then counts as not yet written.
   */
  async function recordBy(deadline: number, fact: Fact): Promise<Journaled> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'gap'>((resolve) => {
      timer = setTimeout(() => resolve('gap'), deadline - Date.now());
    });
    try {
      return await Promise.race([journal.record(fact), late]);
    } catch (error) {
      if (isOutage(error)) return 'gap';
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

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

  return { place, change, find };
}

function replayOf({ event, order }: Fact, key: IdempotencyKey, customerName: string | null): Done | KeyReused {
  return event.key?.fingerprint === key.fingerprint
    ? { order, customerName, replayed: true }
    : { refused: 'idempotency_key_reused' };
}

function unknown(error: unknown): Unknown {
  if (error instanceof TemporalSilent) return { refused: 'outcome_unknown', cause: error };
  throw error;
}
