import type { FaultRecord } from './driver.ts';
import type { Evidence } from './evidence.ts';
import { acknowledgedIn } from './invariants/answers.ts';
import type { Class, Violation } from './invariants/violation.ts';
import { type Attempt, acceptedBy, isAnswered, isChange, type Operation } from './operation-log.ts';

/** The required share of correct answers outside faults. */
const REQUIRED_SHARE = 0.9;

/** The client name of the driver's probes, which the report excludes. */
export const DRIVER = 'driver';

/** Returns the faults that overlap with an attempt. */
const duringOf = (faultRecords: FaultRecord[]) => (attempt: Attempt) =>
  faultRecords.filter(({ startedAt, endedAt }) => startedAt <= attempt.endedAt && attempt.sentAt <= endedAt);

interface Request {
  operation: Operation;
  attempt: Attempt;
}

const requestsIn = (operations: Operation[]): Request[] =>
  operations
    .filter(({ who }) => who !== DRIVER)
    .flatMap((operation) => operation.attempts.map((attempt) => ({ operation, attempt })));

/** Returns the share of requests outside faults that got a 2xx or an expected 4xx. */
export function shareAnswered({ operations, faultRecords }: Pick<Evidence, 'operations' | 'faultRecords'>): number {
  const during = duringOf(faultRecords);
  return shareOf(requestsIn(operations).filter(({ attempt }) => during(attempt).length === 0));
}

const shareOf = (requests: Request[]): number =>
  requests.length === 0
    ? 1
    : requests.filter(({ operation, attempt }) => isAnswered(operation, attempt)).length / requests.length;

/** Whether enough requests outside faults got a correct answer. */
export const isAnsweredEnough = (evidence: Evidence): boolean => shareAnswered(evidence) >= REQUIRED_SHARE;

/** Returns the results of a run as text tables. */
export function writeReport(evidence: Evidence, violations: Violation[]): string {
  const { operations, faultRecords, mails, events, readers } = evidence;
  const requests = requestsIn(operations);
  const during = duringOf(faultRecords);
  const count = (kind: Class) => violations.filter((violation) => violation.class === kind).length;
  const copies = [...Map.groupBy(mails, ({ eventId, to }) => `${eventId} ${to}`).values()];
  const again = copies.reduce((sum, same) => sum + same.length - 1, 0);
  const recoveries = faultRecords.map(({ recovery = Number.POSITIVE_INFINITY }) => recovery);
  const unanswered = operations.filter(
    (operation) => isChange(operation) && operation.attempts.every(({ status = 0 }) => status === 0 || status >= 500),
  );
  const placed = operations.filter((operation) => operation.kind === 'place' && acceptedBy(operation)).length;
  const rows: [string, string | number][] = [
    ['requests', requests.length],
    ...classesOf(requests).map(([name, sum]): [string, number] => [`  answered ${name}`, sum]),
    ['  answered correctly, outside faults', percent(shareAnswered(evidence))],
    ['changes without any answer', unanswered.length],
    ['orders acknowledged', acknowledgedIn(operations).length],
    ['  placings accepted, repetitions included', placed],
    ['  lost', count('lost')],
    ['  doubled', count('doubled')],
    ['  stuck', count('stuck')],
    ['events', events.length],
    ['  skipped', count('skipped')],
    ...readers.map(({ name, seen }): [string, number] => [`  seen by the reader of ${name}`, seen.length]),
    ['emails', mails.length],
    ['  missing', count('mail missing')],
    ['  twice because of a fault', again - count('mail doubled')],
    ['  twice without a fault', count('mail doubled')],
    ['other violations', count('other')],
    ['faults', faultRecords.length],
    ['  longest recovery', faultRecords.length ? `${(Math.max(...recoveries) / 1_000).toFixed(1)} s` : 'none'],
  ];
  const faults = [...Map.groupBy(faultRecords, ({ kind }) => kind)].map(([kind, same]) => {
    const hit = requests.filter(({ attempt }) => during(attempt).some((strike) => strike.kind === kind));
    const longest = Math.max(...same.map(({ recovery = Number.POSITIVE_INFINITY }) => recovery));
    const targets = [...new Set(same.map(({ target }) => target))].join(', ');
    return [kind, same.length, hit.length, percent(shareOf(hit)), `${(longest / 1_000).toFixed(1)} s`, targets];
  });
  return [
    ...rows.map(([name, value]) => `  ${name.padEnd(46)}${String(value).padStart(8)}`),
    '',
    `  ${'fault'.padEnd(17)}times  requests  answered  recovery  done to`,
    ...faults.map(([kind, times, hit, share, longest, targets]) =>
      [
        `  ${String(kind).padEnd(16)}`,
        String(times).padStart(6),
        String(hit).padStart(10),
        String(share).padStart(10),
        String(longest).padStart(10),
        `  ${targets}`,
      ].join(''),
    ),
  ].join('\n');
}

function classesOf(requests: Request[]): [string, number][] {
  const nameOf = ({ operation, attempt }: Request) => {
    const { status, code } = attempt;
    if (status === undefined) return 'not at all';
    if (status < 300) return '2xx';
    if (status < 500)
      return operation.expected.includes(status) ? '4xx, expected' : `${status} ${code ?? ''}, unexpected`;
    return `${status} ${code ?? ''}`;
  };
  return [...Map.groupBy(requests, nameOf)].map(([name, same]): [string, number] => [name, same.length]).sort();
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
