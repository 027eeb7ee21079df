import { allowedFrom, everyStatus, isEdge, type Who } from '../../domain/status-table.ts';
import type { Evidence } from '../evidence.ts';
import { answersIn, isVersion } from './answers.ts';
import { emailsSentOnce } from './emails-sent-once.ts';
import { oneWorkflowOneRow } from './one-workflow-one-row.ts';
import { rowsMatchWorkflows } from './rows-match-workflows.ts';
import { stableOutcomes } from './stable-outcomes.ts';
import { type Found, other, skipped, type Violation } from './violation.ts';

/** By their numbers in design §10. */
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

/** Everything that breaks an invariant of design §10. */
export const violationsIn = (evidence: Evidence): Violation[] =>
  checks.flatMap((check, index) => [...check(evidence)].map((found) => ({ invariant: index + 1, ...found })));

/** 3. Every consecutive pair of different statuses is an edge of the table, taken by somebody who may. */
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

/** 5. The lines' totals add up to the order's, in integers. */
function* totalsAddUp({ operations, orders, events }: Evidence): Generator<Found> {
  const written = [...orders, ...events].map(({ snapshot }) => snapshot);
  for (const { id, version, lines, total } of [...written, ...answersIn(operations).map(({ shown }) => shown)]) {
    const right =
      lines.every((line) => line.total.amount === line.unitPrice.amount * line.quantity) &&
      lines.reduce((sum, line) => sum + line.total.amount, 0) === total.amount &&
      Number.isSafeInteger(total.amount);
    if (!right) yield other(`${id} at version ${version} does not add up`);
  }
}

/** 7. Every recorded history replays on today's code. */
function* replays({ unreplayable }: Evidence): Generator<Found> {
  for (const [workflowId, why] of unreplayable) yield other(`${workflowId} does not replay: ${why}`);
}

/** 8. A reader of a stream who comes back with its last id has seen every event once, in order; webhooks come at least once. */
function* readersSeeEveryEvent({ readers, events }: Evidence): Generator<Found> {
  const all = new Set(events.map(({ id }) => id));
  for (const { name, promised, seen, errors } of readers) {
    for (const error of errors) yield other(`${name}: ${error}`);
    const once = new Set(seen);
    for (const id of once.difference(all)) yield other(`${name} told of ${id}, which never was`);
    // What Redis loses, its listeners notice by the version.
    if (promised === 'best effort') continue;
    for (const id of all.difference(once)) yield skipped(`${name} skipped ${id}`);
    if (promised === 'at least once') continue;
    if (seen.length > once.size) yield other(`${name} told of ${seen.length - once.size} events again`);
    const inOrder = [...all].filter((id) => once.has(id));
    const told = [...once].filter((id) => all.has(id));
    if (told.some((id, index) => id !== inOrder[index])) yield other(`${name} told of events out of their order`);
  }
}
