import type { LineOption } from '../../../domain/order/order.ts';
import { allowedFrom, everyStatus, isEdge, type Who } from '../../domain/status-table.ts';
import type { Evidence } from '../evidence.ts';
import { answersIn, isVersion } from './answers.ts';
import { emailsSentOnce } from './emails-sent-once.ts';
import { oneWorkflowOneRow } from './one-workflow-one-row.ts';
import { rowsMatchWorkflows } from './rows-match-workflows.ts';
import { stableOutcomes } from './stable-outcomes.ts';
import { type Found, other, skipped, type Violation } from './violation.ts';

/** The checks of all invariants, in the order of docs/chaos.md. */
const checks: ((evidence: Evidence) => Iterable<Found>)[] = [
  oneWorkflowOneRow,
  rowsMatchWorkflows,
  legalMoves,
  emailsSentOnce,
  totalsAddUp,
  stableOutcomes,
  replays,
  readersSeeEveryEvent,
];

/** Returns all violations. */
export const violationsIn = (evidence: Evidence): Violation[] =>
  checks.flatMap((check, index) => [...check(evidence)].map((found) => ({ invariant: index + 1, ...found })));

/** 3. Every change of status is an allowed transition for its actor. */
function* legalMoves({ events }: Evidence): Generator<Found> {
  for (const log of Map.groupBy(events.filter(isVersion), ({ order_id }) => order_id).values()) {
    let status: string | null = null;
    for (const { event, snapshot } of log) {
      const { id, from, to, actor, type } = event;
      const who: Who = actor.id === snapshot.customer.id ? 'owner' : 'manager';
      if (from !== status) yield other(`${id} goes from ${from}, where the order was ${status}`);
      if (from && from !== to && !(isEdge(from, to) && allowedFrom(from, who).includes(to))) {
        yield other(`${id} goes from ${from} to ${to} by the ${who}`);
      }
      if (type === 'order.edited' && (from !== 'waiting' || to !== 'waiting'))
        yield other(`${id} is an edit in ${from}`);
      if (!everyStatus.includes(to)) yield other(`${id} leads to ${to}`);
      status = to;
    }
  }
}

/** 5. The totals of the lines add up to the total of the order, in integers. */
function* totalsAddUp({ operations, orders, events }: Evidence): Generator<Found> {
  const written = [...orders, ...events].map(({ snapshot }) => snapshot);
  for (const { id, version, lines, total } of [...written, ...answersIn(operations).map(({ shown }) => shown)]) {
    const right =
      lines.every((line) => line.total.amount === line.unitPrice.amount * line.quantity) &&
      lines.every((line) => surchargeOf(line) <= line.unitPrice.amount) &&
      lines.reduce((sum, line) => sum + line.total.amount, 0) === total.amount &&
      Number.isSafeInteger(total.amount);
    if (!right) yield other(`${id} at version ${version} does not add up`);
  }
}

const surchargeOf = ({ options = [] }: { options?: LineOption[] }): number =>
  options.reduce((sum, { unitPrice, quantity }) => sum + unitPrice.amount * quantity, 0);

/** 7. Every history replays. */
function* replays({ unreplayable }: Evidence): Generator<Found> {
  for (const [workflowId, why] of unreplayable) yield other(`${workflowId} does not replay: ${why}`);
}

/** 8. A reader that resumes from its last id sees every event once, in order. Webhooks arrive at least once. */
function* readersSeeEveryEvent({ readers, events }: Evidence): Generator<Found> {
  const all = new Set(events.map(({ id }) => id));
  for (const { name, promised, seen, errors } of readers) {
    for (const error of errors) yield other(`${name}: ${error}`);
    const once = new Set(seen);
    for (const id of once.difference(all)) yield other(`${name} sent ${id}, which does not exist`);
    // Redis may lose messages.
    if (promised === 'best effort') continue;
    for (const id of all.difference(once)) yield skipped(`${name} skipped ${id}`);
    if (promised === 'at least once') continue;
    if (seen.length > once.size) yield other(`${name} repeated ${seen.length - once.size} events`);
    const inOrder = [...all].filter((id) => once.has(id));
    const known = [...once].filter((id) => all.has(id));
    if (known.some((id, index) => id !== inOrder[index])) yield other(`${name} sent events out of order`);
  }
}
