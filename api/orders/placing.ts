import { randomUUID } from 'node:crypto';
import type { BoundAnswer } from '../../db/orders.ts';
import { retryRecord } from '../../db/retry.ts';
import type { Money } from '../../domain/money.ts';
import { channelOf } from '../../domain/order/channel.ts';
import { maySee, placeOrder } from '../../domain/order/decider.ts';
import type { KeyReused, Placement } from '../../domain/order/order.ts';
import { type LineRequest, type Priced, type PricingRefusal, price } from '../../domain/order/pricing.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import { byDeadline } from '../http/deadline.ts';
import type { OrderDependencies } from './dependencies.ts';
import { answerOfFact, type OrderResult, orderIdOf, replayOf } from './idempotency.ts';
import type { RequestContext } from './request-context.ts';
import type { OrderRequest } from './schemas.ts';

interface PriceChanged {
  refused: 'price_changed';
  total: Money;
}

export function createPlacing(dependencies: OrderDependencies) {
  const { catalog, orders, customerNames, journal, workflows, currency, alertThresholds, logger } = dependencies;

  /** Places an order. @throws {OutcomeUnknownError} */
  async function place(
    request: OrderRequest,
    context: RequestContext,
  ): Promise<OrderResult | PricingRefusal | PriceChanged | KeyReused> {
    const { caller, key, keyGiven, requestId, deadline } = context;
    const id = orderIdOf(key);
    const [earlier, { offers, number }] = await Promise.all([
      keyGiven ? orders.answerTo(id, key.hash) : undefined,
      catalog.offersAndNumber(request.lines),
    ]);
    if (earlier) return replay(earlier, request, context);

    const priced = checkTotal(price(request.lines, offers, randomUUID, currency), request.expectedTotal);
    if ('refused' in priced) return (keyGiven ? await earlierPlacement(id, request, context) : undefined) ?? priced;

    const placement: Placement = {
      id,
      number,
      ...partiesOf(caller),
      location: request.location,
      note: request.note || null,
      ...priced,
      placedAt: new Date().toISOString(),
      patience: alertThresholds,
      key,
      requestId,
    };
    const name = request.customerName ?? null;
    const isCounter = channelOf(placement) === 'counter';
    // The name is added before the start, so that no failure between the two loses it.
    const isAdded = isCounter && (await customerNames.add(id, name));
    if ((await workflows.start(placement, deadline)) === 'exists') {
      // If this shop has no such order, the workflow belongs to another shop of the namespace, with the same customer and key.
      return (await earlierPlacement(id, request, context)) ?? { refused: 'idempotency_key_reused' };
    }
    // A failed request with this key may have added another name.
    if (isCounter && !isAdded) {
      const stored = retryRecord(() => customerNames.set(id, name));
      await logFailure(stored, 'the name of the customer is not stored', context);
    }
    const fact = placeOrder(placement);
    // A failure is only logged, because the order's workflow also records the order.
    const journaled = await logFailure(journal.record(fact), 'journal write failed', context);
    if (!journaled) logger.warn({ requestId, orderId: id }, 'order placed, not yet recorded; its workflow records it');
    return { order: fact.order, customerName: isCounter ? name : caller.name, replayed: false };
  }

  /** Waits for a write. Logs a failure instead of throwing, because the order is already placed. */
  const logFailure = <T>(
    write: Promise<T>,
    message: string,
    { deadline, requestId }: RequestContext,
  ): Promise<T | undefined> =>
    byDeadline(deadline, write).catch((error: unknown) => {
      logger.warn({ err: error, requestId }, message);
      return undefined;
    });

  /** Returns the order placed by an earlier request with this key. Reads the workflow, as Postgres may not have the order yet. */
  async function earlierPlacement(
    orderId: string,
    request: OrderRequest,
    context: RequestContext,
  ): Promise<OrderResult | KeyReused | undefined> {
    const history = await workflows.historyOf(orderId, context.deadline);
    return history && replay(answerOfFact(placeOrder(history.placement)), request, context);
  }

  /** Answers a repeated request. It has the same body, and so the same name of the customer. */
  async function replay(
    bound: BoundAnswer,
    { customerName }: OrderRequest,
    { key, caller }: RequestContext,
  ): Promise<OrderResult | KeyReused> {
    const answer = replayOf(bound, key, caller.name);
    if ('refused' in answer || channelOf(answer.order) === 'online') return answer;
    // The caller placed the order as staff and is a customer now.
    if (!maySee(answer.order, caller.actor)) return { refused: 'idempotency_key_reused' };
    return { ...answer, customerName: await customerNames.confirm(answer.order.id, customerName ?? null) };
  }

  /** Returns the current prices of these lines. */
  async function quote(lines: LineRequest[]): Promise<Priced | PricingRefusal> {
    return price(lines, await catalog.offers(lines), randomUUID, currency);
  }

  return { place, quote };
}

/** Returns the customer of an order, and its `placedBy` if that is not the customer. */
const partiesOf = ({ type, id, actor }: Caller): Pick<Placement, 'customer' | 'placedBy'> =>
  type === 'customer' ? { customer: { id } } : { customer: { id: null }, placedBy: actor };

function checkTotal<T extends Priced | PricingRefusal>(priced: T, expected: Money | undefined): T | PriceChanged {
  if ('refused' in priced || !expected) return priced;
  const { total } = priced;
  const same = total.amount === expected.amount && total.currency === expected.currency;
  return same ? priced : { refused: 'price_changed', total };
}
