import { isDeepStrictEqual } from 'node:util';
import type { EventRow, Evidence } from '../evidence.ts';
import { type Attempt, acceptedBy, isAccepted, isChange, isRefused, type Operation } from '../operation-log.ts';
import { doubled, type Found, lost, other } from './violation.ts';

/** 6. A 4xx changes nothing. An accepted key always returns the same outcome. */
export function* stableOutcomes({ operations, events }: Evidence): Generator<Found> {
  const byRequest = new Map(events.map((row) => [row.event.requestId, row]));
  const changes = operations.filter(isChange);
  for (const [request, asked] of Map.groupBy(changes, ({ who, method, path, key }) =>
    [who, method, path, key].join(' '),
  )) {
    const attempts = asked.flatMap((operation) => operation.attempts);
    const made = attempts.flatMap(({ requestId }) => byRequest.get(requestId) ?? []);
    if (made.length > 1) yield doubled(`${request} changed ${made.map(({ id }) => id).join(' and ')}`);
    for (const refusal of attempts.filter(isRefused)) yield* refusalChangedNothing(request, refusal, made);
    const first = asked.find(acceptedBy);
    if (!first) continue;
    const answer = acceptedBy(first) as Attempt;
    yield* changedOnce(request, first, answer, made);
    for (const operation of asked) yield* sameAnswer(request, operation, first, answer);
  }
}

/** A rejected request and the earlier attempts with its key changed no order. */
function* refusalChangedNothing(
  request: string,
  { requestId, sentAt, status }: Attempt,
  made: EventRow[],
): Generator<Found> {
  for (const { id, event } of made) {
    // The time of placing comes from an API's clock, which a fault may have moved.
    const before = status !== 422 && event.type !== 'order.placed' && Date.parse(event.at) < sentAt;
    if (event.requestId === requestId) yield other(`${requestId} was refused with ${status} and changed ${id}`);
    else if (before) yield other(`${request} had changed ${id}, and was refused with ${status} (${requestId})`);
  }
}

/** An accepted request made exactly the version in its answer. Only an edit may change nothing. */
function* changedOnce(request: string, { kind }: Operation, answer: Attempt, made: EventRow[]): Generator<Found> {
  const version = answer.shown?.[0]?.version;
  if (made.length === 0 && kind !== 'edit') yield lost(`${request} was accepted, but made no event`);
  if (made[0] && made[0].version !== version) {
    yield other(`${request} was answered with version ${version}, and had made ${made[0].id}`);
  }
}

function* sameAnswer(request: string, operation: Operation, first: Operation, answer: Attempt): Generator<Found> {
  const same = isDeepStrictEqual(operation.body, first.body);
  for (const attempt of operation.attempts) {
    const { requestId, status, shown, sentAt } = attempt;
    if (!same && isAccepted(attempt)) yield other(`${request} was accepted with two bodies (${requestId})`);
    if (!same || attempt === answer) continue;
    const alike = status === answer.status && isDeepStrictEqual(shown, answer.shown);
    if (isAccepted(attempt) && !alike)
      yield other(`${request} got two different answers (${answer.requestId}, ${requestId})`);
    if (isRefused(attempt) && sentAt > answer.endedAt) {
      yield other(`${request} was accepted, and later refused with ${status} (${requestId})`);
    }
  }
}
