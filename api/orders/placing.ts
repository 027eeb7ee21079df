import { randomUUID } from 'node:crypto';
import type { Money } from '../../domain/money.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import type { KeyReused, Placement } from '../../domain/order/order.ts';
import { type LineRequest, type Priced, type PricingRefusal, price } from '../../domain/order/pricing.ts';
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
  const { catalog, orders, journal, workflows, currency, alertThresholds, logger } = dependencies;

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
    if (earlier) return replayOf(earlier, key, caller.name);

    const priced = checkTotal(price(request.lines, offers, randomUUID, currency), request.expectedTotal);
    if ('refused' in priced) return (keyGiven ? await earlierPlacement(id, context) : undefined) ?? priced;

    const placement: Placement = {
      id,
      number,
      customer: { id: caller.id },
      location: request.location,
      note: request.note || null,
      ...priced,
      placedAt: new Date().toISOString(),
      patience: alertThresholds,
      key,
      requestId,
    };
    if ((await workflows.start(placement, deadline)) === 'exists') {
      // If this shop has no such order, the workflow belongs to another shop of the namespace, with the same customer and key.
      return (await earlierPlacement(id, context)) ?? { refused: 'idempotency_key_reused' };
    }
    const fact = placeOrder(placement);
    // The order is already durable, so a failed write is only logged. The order's workflow also records the order.
    const journaled = await byDeadline(deadline, journal.record(fact)).catch((error: unknown) => {
      logger.warn({ err: error, requestId }, 'journal write failed');
    });
    if (!journaled) logger.warn({ requestId, orderId: id }, 'order placed, not yet recorded; its workflow records it');
    return { order: fact.order, customerName: caller.name, replayed: false };
  }

  /** Returns the order placed by an earlier request with this key. Reads the workflow, as Postgres may not have the order yet. */
  async function earlierPlacement(
    orderId: string,
    { key, caller, deadline }: RequestContext,
  ): Promise<OrderResult | KeyReused | undefined> {
    const history = await workflows.historyOf(orderId, deadline);
    return history && replayOf(answerOfFact(placeOrder(history.placement)), key, caller.name);
  }

  /** Returns the current prices of these lines. */
  async function quote(lines: LineRequest[]): Promise<Priced | PricingRefusal> {
    return price(lines, await catalog.offers(lines), randomUUID, currency);
  }

  return { place, quote };
}

function checkTotal<T extends Priced | PricingRefusal>(priced: T, expected: Money | undefined): T | PriceChanged {
  if ('refused' in priced || !expected) return priced;
  const { total } = priced;
  const same = total.amount === expected.amount && total.currency === expected.currency;
  return same ? priced : { refused: 'price_changed', total };
}
