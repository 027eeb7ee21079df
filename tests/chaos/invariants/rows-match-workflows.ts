import { isDeepStrictEqual } from 'node:util';
import { type FullLine, toFullLine } from '../../../domain/order/full-order.ts';
import type { Line, Order } from '../../../domain/order/order.ts';
import type { EventRow, Evidence, WorkflowRecord } from '../evidence.ts';
import { acceptedBy, type Operation, type ShownOrder } from '../operation-log.ts';
import { answersIn, at, isVersion } from './answers.ts';
import { type Found, other, skipped } from './violation.ts';

/** 2. Row, events and workflow agree. A row never moves back, and never shows an undecided state. */
export function* rowsMatchWorkflows({ operations, orders, workflows, events }: Evidence): Generator<Found> {
  const logs = Map.groupBy(events, ({ order_id }) => order_id);
  for (const { id, status, version, snapshot } of orders) {
    const decided = workflows.get(id)?.order;
    if (!isDeepStrictEqual(snapshot, decided)) {
      yield other(`the row of ${id} shows ${at(snapshot)}, its workflow ${decided ? at(decided) : 'nothing'}`);
    }
    if (status !== snapshot.status || version !== snapshot.version) {
      yield other(`the row of ${id} is at ${status} ${version} and shows ${at(snapshot)}`);
    }
    const last = logs.get(id)?.findLast(isVersion)?.version;
    if (last !== version) yield other(`the events of ${id} end at ${last}, its row is at ${version}`);
  }
  for (const [id, log] of logs) yield* eventsAsDecided(id, log, workflows.get(id)?.facts ?? []);
  yield* shownAsDecided(operations, logs);
  yield* neverOlder(operations);
  yield* namesAsGiven(operations);
}

/** The versions are 1 to n without gap or repeat, each as the workflow decided it. */
function* eventsAsDecided(id: string, log: EventRow[], facts: WorkflowRecord['facts']): Generator<Found> {
  const versions = log.filter(isVersion).map(({ version }) => version);
  if (versions.some((version, index) => version !== index + 1)) {
    yield skipped(`the events of ${id} are ${versions.join(', ')}`);
  }
  for (const { id: eventId, event, snapshot } of log) {
    const fact = facts.find((each) => each.event.id === eventId);
    if (!fact) yield other(`${eventId} was decided by no workflow`);
    else if (!isDeepStrictEqual({ event: fact.event, order: fact.order }, { event, order: snapshot })) {
      yield other(`${eventId} differs from its workflow's decision`);
    }
  }
  for (const { event } of facts) {
    if (!log.some((row) => row.id === event.id)) yield skipped(`${event.id} was decided but is not recorded`);
  }
}

/** The fields of an order that depend only on its version, not on the caller. */
const seen = ({ id, version, status, location, note, lines, total }: Order | ShownOrder) => ({
  ...{
    id,
    version,
    status,
    location,
    note,
    lines: lines.map((line) => toFullLine<Line | FullLine>(line)),
    total,
  },
});

/** Every order in an answer equals the decided order of that version. */
function* shownAsDecided(operations: Operation[], logs: Map<string, EventRow[]>): Generator<Found> {
  for (const { shown, requestId } of answersIn(operations)) {
    const decided = logs.get(shown.id)?.find((row) => isVersion(row) && row.version === shown.version)?.snapshot;
    if (!decided || !isDeepStrictEqual(seen(shown), seen(decided))) {
      yield other(`${requestId} was shown ${shown.id} at ${at(shown)}, which no workflow decided`);
    }
  }
}

/** Every answer shows the name with which an order was placed at the counter. */
function* namesAsGiven(operations: Operation[]): Generator<Found> {
  const placed = operations.filter(({ kind }) => kind === 'place');
  const given = new Map(
    placed.flatMap((operation) => {
      const [order] = acceptedBy(operation)?.shown ?? [];
      const { customerName = null } = operation.body as { customerName?: string };
      return order?.channel === 'counter' ? [[order.id, customerName] as const] : [];
    }),
  );
  for (const { shown, requestId } of answersIn(operations)) {
    const name = given.get(shown.id);
    if (name !== undefined && shown.customer.name !== name) {
      yield other(`${requestId} was shown ${shown.id} with the name ${shown.customer.name}, not ${name}`);
    }
  }
}

/** A later request never returns an older version, except a replay of an idempotency key. */
function* neverOlder(operations: Operation[]): Generator<Found> {
  const fresh = answersIn(operations).filter(({ replayed }) => !replayed);
  for (const answers of Map.groupBy(fresh, ({ shown }) => shown.id).values()) {
    const ended = answers.toSorted((one, another) => one.endedAt - another.endedAt);
    let newest = 0;
    for (const { shown, sentAt, requestId } of answers.toSorted((one, another) => one.sentAt - another.sentAt)) {
      while (ended[0] && ended[0].endedAt < sentAt) newest = Math.max(newest, ended.shift()!.shown.version);
      if (shown.version < newest) {
        yield other(`${requestId} was shown ${shown.id} at ${at(shown)} after version ${newest} had been shown`);
      }
    }
  }
}
