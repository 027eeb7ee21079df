import { randomUUID } from 'node:crypto';
import type { OrderView } from '../../db/orders.ts';
import type { KeptLine, KeyReused, Line, Order, Refusal } from '../../domain/order/order.ts';
import { type LineRequest, type PricingRefusal, price } from '../../domain/order/pricing.ts';
import { isEditor, isFinal } from '../../domain/order/transitions.ts';
import { type ExpectedVersions, versionMismatch } from '../http/entity-tags.ts';
import { createDecisions } from './decisions.ts';
import type { OrderDependencies } from './dependencies.ts';
import { answerInHistory, type OrderResult, replayOf } from './idempotency.ts';
import type { createReading } from './reading.ts';
import type { RequestContext } from './request-context.ts';
import type { OrderEdit } from './schemas.ts';
import type { Change } from './workflows.ts';

/** The refusal to change an open order whose workflow has ended. An operator may have terminated or deleted the workflow. */
type WorkflowGone = Omit<Extract<Refusal, { refused: 'illegal_transition' }>, 'refused'> & { refused: 'workflow_gone' };

/** The result of a change. With `Prefer: respond-async`, its order is as it was before the change. */
type ChangeResult =
  | OrderResult
  | Refusal
  | PricingRefusal
  | KeyReused
  | WorkflowGone
  | { refused: 'not_found' | 'forbidden' };

interface RequestedChange {
  /** Whether the caller may request the change. The workflow decides whether the order allows it. */
  isAllowed(order: Order): boolean;
  /** Returns the message to the workflow, or a refusal. */
  prepare(order: Order): Promise<Change | PricingRefusal | Refusal>;
}

export function createChanging(
  dependencies: OrderDependencies,
  { find }: Pick<ReturnType<typeof createReading>, 'find'>,
) {
  const { catalog, orders, workflows, currency } = dependencies;
  const decisions = createDecisions(dependencies);

  /** Changes the status of an order, or cancels it. @throws {OutcomeUnknownError} */
  const change = (orderId: string, change: Change, context: RequestContext): Promise<ChangeResult> =>
    apply(orderId, context, { isAllowed: () => true, prepare: async () => change });

  /** Edits an order. New lines get the current price; existing lines keep their price. @throws {OutcomeUnknownError} */
  const edit = (
    orderId: string,
    { lines, location, note }: OrderEdit,
    context: RequestContext,
  ): Promise<ChangeResult> =>
    apply(orderId, context, {
      isAllowed: (order) => isEditor(order, context.caller.actor),
      prepare: async ({ version }) => {
        const priced = lines && (await priceNewLines(lines));
        // A version mismatch (412) takes precedence over a refusal of the lines (409).
        if (priced && 'refused' in priced) return versionMismatch(context.ifMatch, version) ?? priced;
        return { update: 'edit', lines: priced, location, note: note === '' ? null : note };
      },
    });

  async function priceNewLines(wanted: (KeptLine | LineRequest)[]): Promise<(KeptLine | Line)[] | PricingRefusal> {
    const requests = wanted.filter((line) => 'productId' in line);
    if (requests.length === 0) return wanted as KeptLine[];
    const priced = price(requests, await catalog.offers(requests), randomUUID, currency);
    if ('refused' in priced) return atLines(priced, (index) => wanted.indexOf(requests[index] as LineRequest));
    const newLines = priced.lines.values();
    return wanted.map((line) => ('productId' in line ? (newLines.next().value as Line) : line));
  }

  /** Checks access, then whether the request is a replay, and sends the change to the order's workflow. */
  async function apply(
    orderId: string,
    context: RequestContext,
    { isAllowed, prepare }: RequestedChange,
  ): Promise<ChangeResult> {
    const { caller, key, keyGiven, requestId, deadline } = context;
    const [seen, earlier] = await Promise.all([
      find(orderId, caller.actor, deadline),
      keyGiven ? orders.answerTo(orderId, key.hash) : undefined,
    ]);
    if (!seen) return { refused: 'not_found' };
    if (!isAllowed(seen.order)) return { refused: 'forbidden' };
    if (earlier) return replayOf(earlier, key, seen.customerName);
    const change = await prepare(seen.order);
    if ('refused' in change) {
      // A replay takes precedence over a refusal. The first result may be in the workflow's history, but not in Postgres yet.
      const earlier = keyGiven ? await decisions.findAnswer(orderId, key, deadline) : undefined;
      return earlier ? replayOf(earlier, key, seen.customerName) : change;
    }
    const expectedVersion = expectedVersionOf(context.ifMatch, seen.order.version);
    const attribution = { actor: caller.actor, key, expectedVersion, requestId };
    if (context.respondAsync) {
      const sent = await workflows.send(orderId, change, attribution, deadline);
      return sent ? { ...seen, replayed: false } : refuseClosed(seen, context);
    }
    const outcome = await workflows.change(orderId, change, attribution, deadline);
    if (!outcome) return refuseClosed(seen, context);
    if ('refused' in outcome) return outcome;
    const { event, order, replayed } = outcome;
    if (!order) return replayOf(await decisions.answerToAccepted(orderId, key, deadline), key, seen.customerName);
    if (event) await decisions.record({ event, order }, deadline);
    return { order, customerName: seen.customerName, replayed };
  }

  /**
   * Answers a change of an order whose workflow has ended. Reads both Postgres and the workflow's history, because Postgres may
   * have been restored from an older backup.
   */
  async function refuseClosed(
    { order: seen, customerName }: OrderView,
    { key, keyGiven, ifMatch, deadline }: RequestContext,
  ): Promise<OrderResult | Refusal | KeyReused | WorkflowGone> {
    const recorded = keyGiven ? await orders.answerTo(seen.id, key.hash) : undefined;
    if (recorded) return replayOf(recorded, key, customerName);
    const [row, decided] = await Promise.all([orders.find(seen.id), workflows.decided(seen.id, deadline)]);
    const earlier = keyGiven && decided ? answerInHistory(decided, key.hash) : undefined;
    if (earlier) return replayOf(earlier, key, customerName);
    const last = decided?.order;
    const read = row?.order ?? seen;
    const { status: currentStatus, version } = last && last.version > read.version ? last : read;
    const refused = isFinal(currentStatus) ? 'illegal_transition' : 'workflow_gone';
    return versionMismatch(ifMatch, version) ?? { refused, currentStatus, allowedTransitions: [], version };
  }

  return { change, edit };
}

/** Returns a refusal with other indexes of lines. */
function atLines(refusal: PricingRefusal, indexOf: (line: number) => number): PricingRefusal {
  switch (refusal.refused) {
    case 'product_unavailable':
      return { ...refusal, lines: refusal.lines.map(indexOf) };
    case 'options_invalid':
      return { ...refusal, faults: refusal.faults.map((fault) => ({ ...fault, line: indexOf(fault.line) })) };
    default:
      return refusal;
  }
}

/**
 * Returns the only version at which the workflow may apply the change; undefined for any version. The client may accept several
 * versions. If the current version is among them, returns the current version, otherwise the highest one. If the client accepts
 * no version, returns 0, which no order has.
 */
function expectedVersionOf(expected: ExpectedVersions, version: number): number | undefined {
  if (!expected) return undefined;
  return expected.includes(version) ? version : Math.max(0, ...expected);
}
