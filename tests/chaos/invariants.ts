import { isDeepStrictEqual } from 'node:util';
import type { Order } from '../../domain/order/order.ts';
import { recipientsOf } from '../../domain/order/recipients.ts';
import { allowedFrom, everyStatus, isEdge, type Who } from '../domain/status-table.ts';
import {
  type Attempt,
  acceptedBy,
  type Intent,
  isAccepted,
  isChange,
  isRefused,
  type ShownOrder,
} from './client-log.ts';
import type { EventRow, Evidence } from './evidence.ts';

/** Which count of the final table a violation goes into. */
export type Class = 'lost' | 'doubled' | 'stuck' | 'skipped' | 'mail missing' | 'mail doubled' | 'other';

/** Something that must never be. */
export interface Violation {
  /** Its number in design §10. */
  invariant: number;
  class: Class;
  what: string;
}

type Found = Omit<Violation, 'invariant'>;

/** Everything that breaks an invariant of design §10. */
export function violationsIn(evidence: Evidence): Violation[] {
  const checks = [onePlace, oneTruth, legalMoves, mailedOnce, addedUp, keptWord, replays, readInOrder];
  return checks.flatMap((check, index) => check(evidence).map((found) => ({ invariant: index + 1, ...found })));
}

const other = (what: string): Found => ({ class: 'other', what });

/** 1. Every order id answered with 2xx has exactly one workflow and, once drained, exactly one row. */
function onePlace({ intents, orders, workflows, events }: Evidence): Found[] {
  const found: Found[] = [];
  for (const id of acknowledgedIn(intents)) {
    const rows = orders.filter((row) => row.id === id).length;
    const workflow = workflows.get(id);
    if (rows !== 1)
      found.push({ class: rows ? 'doubled' : 'lost', what: `${id} was acknowledged and has ${rows} rows` });
    if (!workflow) found.push({ class: 'lost', what: `${id} was acknowledged and has no workflow` });
    else if (workflow.count !== 1) found.push({ class: 'doubled', what: `${id} has ${workflow.count} workflows` });
    else if (!['RUNNING', 'COMPLETED'].includes(workflow.status)) {
      found.push({ class: 'lost', what: `the workflow of ${id} has ended as ${workflow.status}` });
    }
  }
  for (const [id, { status, order }] of workflows) {
    const final = ['delivered', 'cancelled'].includes(order.status);
    if (final !== (status === 'COMPLETED')) {
      found.push({ class: 'stuck', what: `${id} is ${order.status}, and its workflow ${status}` });
    }
    if (!orders.some((row) => row.id === id)) found.push({ class: 'stuck', what: `${id} has a workflow and no row` });
  }

  // Nobody gets an order that they did not ask for, nor two for one wish.
  const placings = new Map<string, string>();
  for (const intent of intents) {
    if (intent.kind === 'place')
      for (const { requestId } of intent.attempts) placings.set(requestId, `${intent.who} ${intent.key}`);
  }
  const placed = new Map<string, string>();
  for (const { event, order_id } of events.filter(
    ({ version, event: { type } }) => version === 1 && type === 'order.placed',
  )) {
    const wish = placings.get(event.requestId ?? '');
    if (!wish) found.push({ class: 'doubled', what: `${order_id} was placed by no request of ours` });
    else if (placed.has(wish))
      found.push({ class: 'doubled', what: `${order_id} and ${placed.get(wish)} were placed for one wish` });
    else placed.set(wish, order_id);
  }
  for (const { id } of orders) {
    if (!events.some((event) => event.order_id === id))
      found.push({ class: 'doubled', what: `${id} has a row and no event` });
  }

  const acknowledged = acknowledgedAt(intents);
  for (const { path, attempts } of intents) {
    const since = acknowledged.get(path.split('/')[3] ?? '');
    const denied = attempts.find(({ status, sentAt }) => status === 404 && since !== undefined && since < sentAt);
    if (denied)
      found.push({
        class: 'lost',
        what: `${path} was answered with 404 after it was acknowledged (${denied.requestId})`,
      });
  }
  return found;
}

/** 2. Row, events and workflow say the same; a row never moves back, and never shows what no workflow decided. */
function oneTruth({ intents, orders, workflows, events }: Evidence): Found[] {
  const found: Found[] = [];
  const logs = Map.groupBy(events, ({ order_id }) => order_id);
  for (const { id, status, version, snapshot } of orders) {
    const decided = workflows.get(id)?.order;
    if (!isDeepStrictEqual(snapshot, decided)) {
      found.push(other(`the row of ${id} shows ${at(snapshot)}, its workflow ${decided ? at(decided) : 'nothing'}`));
    }
    if (status !== snapshot.status || version !== snapshot.version) {
      found.push(other(`the row of ${id} is at ${status} ${version} and shows ${at(snapshot)}`));
    }
  }
  for (const [id, log] of logs) {
    const versions = log.filter(isVersion).map(({ version }) => version);
    if (versions.some((version, index) => version !== index + 1)) {
      found.push({ class: 'skipped', what: `the events of ${id} are ${versions.join(', ')}` });
    }
    const last = orders.find((row) => row.id === id);
    if (versions.at(-1) !== last?.version)
      found.push(other(`the events of ${id} end at ${versions.at(-1)}, its row is at ${last?.version}`));
    const facts = workflows.get(id)?.facts ?? [];
    for (const { id: eventId, event, snapshot } of log) {
      const fact = facts.find((each) => each.event.id === eventId);
      if (!fact) found.push(other(`${eventId} was decided by no workflow`));
      else if (!isDeepStrictEqual({ event: fact.event, order: fact.order }, { event, order: snapshot })) {
        found.push(other(`${eventId} is written down otherwise than its workflow decided it`));
      }
    }
    for (const { event } of facts) {
      if (!log.some((row) => row.id === event.id))
        found.push({ class: 'skipped', what: `${event.id} was decided and is not written down` });
    }
  }
  return [...found, ...shownRight(intents, logs), ...neverBack(intents)];
}

/** Whatever an answer showed of an order was the order at that version. */
function shownRight(intents: Intent[], logs: Map<string, EventRow[]>): Found[] {
  const seen = ({ id, version, status, location, note, lines, total }: Order | ShownOrder) => ({
    id,
    version,
    status,
    location,
    note,
    lines,
    total,
  });
  return answersIn(intents).flatMap(({ shown, requestId }) => {
    const decided = logs.get(shown.id)?.find((row) => isVersion(row) && row.version === shown.version)?.snapshot;
    if (decided && isDeepStrictEqual(seen(shown), seen(decided))) return [];
    return [other(`${requestId} was shown ${shown.id} at ${at(shown)}, which no workflow decided`)];
  });
}

/** Who asks after an answer has come sees no less than it showed. What a key repeats is the order as it was then. */
function neverBack(intents: Intent[]): Found[] {
  const found: Found[] = [];
  const fresh = answersIn(intents).filter(({ replayed }) => !replayed);
  for (const answers of Map.groupBy(fresh, ({ shown }) => shown.id).values()) {
    const ended = answers.toSorted((one, another) => one.endedAt - another.endedAt);
    let next = 0;
    let newest = 0;
    for (const { shown, sentAt, requestId } of answers.toSorted((one, another) => one.sentAt - another.sentAt)) {
      for (; next < ended.length && ended[next]!.endedAt < sentAt; next += 1)
        newest = Math.max(newest, ended[next]!.shown.version);
      if (shown.version < newest)
        found.push(other(`${requestId} was shown ${shown.id} at ${at(shown)} after version ${newest} had been shown`));
    }
  }
  return found;
}

/** 3. Every consecutive pair of different statuses is an edge of the table, taken by somebody who may. */
function legalMoves({ events, orders }: Evidence): Found[] {
  const found: Found[] = [];
  for (const [id, log] of Map.groupBy(events.filter(isVersion), ({ order_id }) => order_id)) {
    let status: string | null = null;
    for (const { event } of log) {
      const { from, to, actor, type } = event;
      if (from !== status) found.push(other(`${event.id} goes from ${from}, where the order was ${status}`));
      const owner = orders.find((row) => row.id === id)?.snapshot.customer.id;
      const who: Who = actor.id === owner ? 'owner' : 'manager';
      if (from && from !== to && !(isEdge(from, to) && allowedFrom(from, who).includes(to))) {
        found.push(other(`${event.id} goes from ${from} to ${to} by the ${who}`));
      }
      if (type === 'order.edited' && (from !== 'waiting' || to !== 'waiting'))
        found.push(other(`${event.id} is an edit while ${from}`));
      if (!everyStatus.includes(to)) found.push(other(`${event.id} leads to ${to}`));
      status = to;
    }
  }
  return found;
}

/** What may come between a mail and the note that it was sent. */
const MAILING = ['worker', 'smtp', 'postgres', 'temporal'];

/**
 * 4. Every (event, recipient) gets its email, or the ledger says why not; twice only where the final answer was lost or not yet
 * written down, which takes a fault.
 */
function mailedOnce({ events, ledger, mails, addresses, ordersEmail, strikes }: Evidence): Found[] {
  const found: Found[] = [];
  const arrived = Map.groupBy(mails, ({ eventId, to }) => `${eventId} ${to}`);
  const written = new Map(ledger.map((row) => [`${row.event_id} ${row.channel} ${row.recipient}`, row]));
  const due = new Set<string>();
  for (const { id, event, snapshot } of events) {
    if (!['sent', 'given_up'].includes(written.get(`${id} redis orders`)?.outcome ?? '')) {
      found.push({ class: 'stuck', what: `${id} is not published` });
    }
    for (const recipient of recipientsOf(event)) {
      const address = recipient === 'shop' ? ordersEmail : addresses.get(snapshot.customer.id);
      const delivery = `${id} ${address}`;
      due.add(delivery);
      const entry = written.get(`${id} email ${recipient}`);
      const copies = (arrived.get(delivery) ?? []).toSorted((one, another) => one.begunAt - another.begunAt);
      if (!entry || entry.outcome === 'retrying')
        found.push({
          class: 'mail missing',
          what: `of ${id} the ledger does not say what became of the mail to the ${recipient}`,
        });
      else if (entry.outcome === 'sent' && copies.length === 0)
        found.push({ class: 'mail missing', what: `${id} was never mailed to the ${recipient}` });
      for (const [index, copy] of copies.slice(1).entries()) {
        const during = strikes.filter(
          ({ begunAt, healedAt }) => begunAt <= copy.begunAt && healedAt >= copies[index]!.begunAt,
        );
        const excused = during.some(({ parts }) => parts.some((part) => MAILING.includes(part)));
        // A moved clock writes down a time that says nothing.
        const known = entry && !during.some(({ kind }) => kind === 'moved clock') && entry.at.getTime() < copy.begunAt;
        if (!excused || known)
          found.push({
            class: 'mail doubled',
            what: `${id} was mailed to the ${recipient} again, ${known ? 'after it was written down' : 'without a fault'}`,
          });
      }
    }
  }
  for (const delivery of arrived.keys())
    if (!due.has(delivery)) found.push(other(`mailed, and nobody's due: ${delivery}`));
  return found;
}

/** 5. The lines' totals add up to the order's, in integers. */
function addedUp({ intents, orders, events }: Evidence): Found[] {
  const all = [...orders, ...events].map(({ snapshot }) => snapshot);
  return [...all, ...answersIn(intents).map(({ shown }) => shown)].flatMap(({ id, version, lines, total }) => {
    const right =
      lines.every((line) => line.total.amount === line.unitPrice.amount * line.quantity) &&
      lines.reduce((sum, line) => sum + line.total.amount, 0) === total.amount &&
      Number.isSafeInteger(total.amount);
    return right ? [] : [other(`${id} at version ${version} does not add up`)];
  });
}

/** 6. A 4xx changed nothing. A key that was accepted gives the same outcome for ever. */
function keptWord({ intents, events }: Evidence): Found[] {
  const found: Found[] = [];
  const byRequest = new Map(
    events.flatMap((row) => (row.event.requestId ? [[row.event.requestId, row] as const] : [])),
  );
  const wishes = Map.groupBy(
    intents.filter(isChange),
    ({ who, method, path, key }) => `${who} ${method} ${path} ${key}`,
  );
  for (const [wish, asked] of wishes) {
    const attempts = asked.flatMap((intent) => intent.attempts);
    const made = attempts.flatMap(({ requestId }) => byRequest.get(requestId) ?? []);
    if (made.length > 1)
      found.push({ class: 'doubled', what: `${wish} changed ${made.map(({ id }) => id).join(' and ')}` });
    for (const attempt of attempts.filter(isRefused)) {
      const { requestId, sentAt, status } = attempt;
      if (byRequest.has(requestId))
        found.push(other(`${requestId} was refused with ${status} and changed ${byRequest.get(requestId)?.id}`));
      else if (
        made.some(({ event }) => status !== 422 && Date.parse(event.at) < sentAt && event.type !== 'order.placed')
      ) {
        found.push(other(`${wish} had changed ${made[0]?.id}, and was refused with ${status} (${requestId})`));
      }
    }
    found.push(...sameForEver(wish, asked));
  }
  return found;
}

function sameForEver(wish: string, asked: Intent[]): Found[] {
  const first = asked.find(acceptedBy);
  const answer = first && acceptedBy(first);
  if (!first || !answer) return [];
  return asked.flatMap((intent) => {
    const same = isDeepStrictEqual(intent.body, first.body);
    return intent.attempts.flatMap((attempt): Found[] => {
      if (attempt === answer || attempt.endedAt < answer.endedAt) return [];
      if (!same)
        return isAccepted(attempt) ? [other(`${wish} was accepted with two bodies (${attempt.requestId})`)] : [];
      if (isRefused(attempt) && attempt.sentAt > answer.endedAt)
        return [other(`${wish} was accepted, and later refused with ${attempt.status} (${attempt.requestId})`)];
      const differs =
        isAccepted(attempt) && !(attempt.status === answer.status && isDeepStrictEqual(attempt.shown, answer.shown));
      return differs ? [other(`${wish} was answered in two ways (${answer.requestId}, ${attempt.requestId})`)] : [];
    });
  });
}

/** 7. Every recorded history replays on today's code. */
const replays = ({ unreplayable }: Evidence): Found[] =>
  [...unreplayable].map(([id, why]) => other(`${id} does not replay: ${why}`));

/** 8. A reader of a stream who comes back with its last id has seen every event once, in order. */
function readInOrder({ readers, events }: Evidence): Found[] {
  const ids = events.map(({ id }) => id);
  return readers.flatMap(({ name, seen, complaints }) => {
    const found = complaints.map((complaint) => other(`${name}: ${complaint}`));
    const once = new Set(seen);
    for (const id of once) if (!ids.includes(id)) found.push(other(`${name} told of ${id}, which never was`));
    // What Redis loses, its listeners notice by the version.
    if (name === 'Redis') return found;
    for (const id of ids) if (!once.has(id)) found.push({ class: 'skipped', what: `${name} skipped ${id}` });
    if (seen.length > once.size) found.push(other(`${name} told of ${seen.length - once.size} events again`));
    const inOrder = ids.filter((id) => once.has(id));
    const firsts = [...once].filter((id) => ids.includes(id));
    if (!isDeepStrictEqual(firsts, inOrder)) found.push(other(`${name} told of events out of their order`));
    return found;
  });
}

const at = ({ status, version }: Order | ShownOrder): string => `${status}, version ${version}`;

/** An alert raises no version. */
const isVersion = ({ event: { type } }: EventRow): boolean => type !== 'order.delayed' && type !== 'order.uncollected';

/** Every order in every answer of success. */
const answersIn = (intents: Intent[]): (Omit<Attempt, 'shown'> & { shown: ShownOrder })[] =>
  intents.flatMap(({ attempts }) =>
    attempts.flatMap((attempt) => (attempt.shown ?? []).map((shown) => ({ ...attempt, shown }))),
  );

/** When each order was first heard of, by id. */
function acknowledgedAt(intents: Intent[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { shown, endedAt } of answersIn(intents))
    first.set(shown.id, Math.min(first.get(shown.id) ?? endedAt, endedAt));
  return first;
}

/** Every order id that was answered with a 2xx. */
export const acknowledgedIn = (intents: Intent[]): string[] => [...acknowledgedAt(intents).keys()];
