import type { Evidence } from '../evidence.ts';
import { acknowledgedAt, acknowledgedIn } from './answers.ts';
import { doubled, type Found, lost, stuck } from './violation.ts';

/** 1. Every acknowledged order has exactly one workflow and, after settling, exactly one row. */
export function* oneWorkflowOneRow(evidence: Evidence): Generator<Found> {
  const { operations, orders, workflows } = evidence;
  const rows = Map.groupBy(orders, ({ id }) => id);
  for (const id of acknowledgedIn(operations)) {
    const workflow = workflows.get(id);
    if (!rows.has(id)) yield lost(`${id} was acknowledged and has no row`);
    if (!workflow) yield lost(`${id} was acknowledged and has no workflow`);
  }
  for (const [id, same] of rows) if (same.length > 1) yield doubled(`${id} has ${same.length} rows`);
  for (const [id, { count, status, order }] of workflows) {
    if (count !== 1) yield doubled(`${id} has ${count} workflows`);
    if (!['RUNNING', 'COMPLETED'].includes(status)) yield lost(`the workflow of ${id} has ended as ${status}`);
    const final = ['delivered', 'cancelled'].includes(order.status);
    if (final !== (status === 'COMPLETED')) yield stuck(`${id} is ${order.status}, and its workflow ${status}`);
    if (!rows.has(id)) yield stuck(`${id} has a workflow and no row`);
  }
  yield* onlyRequestedOrders(evidence);
  yield* neverNotFound(evidence);
}

/** Every order was requested, and every request made at most one order. */
function* onlyRequestedOrders({ operations, orders, events }: Evidence): Generator<Found> {
  const placings = operations.filter(({ kind }) => kind === 'place');
  const requests = new Map(
    placings.flatMap(({ who, key, attempts }) => attempts.map(({ requestId }) => [requestId, `${who} ${key}`])),
  );
  const placed = new Map<string, string>();
  const firsts = events.filter(({ event: { type } }) => type === 'order.placed');
  for (const { event, order_id } of firsts) {
    const request = requests.get(event.requestId ?? '');
    const before = request && placed.get(request);
    if (!request) yield doubled(`${order_id} was placed by no request`);
    else if (before) yield doubled(`${order_id} and ${before} were placed by one request`);
    else placed.set(request, order_id);
  }
  const known = new Set(firsts.map(({ order_id }) => order_id));
  for (const { id } of orders)
    if (!known.has(id)) yield doubled(`${id} has a row, and no event says that it was placed`);
}

/** An acknowledged order never returns 404. */
function* neverNotFound({ operations }: Evidence): Generator<Found> {
  const acknowledged = acknowledgedAt(operations);
  for (const { path, attempts } of operations) {
    const since = acknowledged.get(path.split('/')[3] ?? '') ?? Number.POSITIVE_INFINITY;
    const denied = attempts.find(({ status, sentAt }) => status === 404 && since < sentAt);
    if (denied) yield lost(`${path} was answered with 404 after it was acknowledged (${denied.requestId})`);
  }
}
