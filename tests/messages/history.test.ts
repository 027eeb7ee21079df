import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { raise } from '../../domain/order/alerts.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import type { JournalEntry, Rejection } from '../../domain/order/journal-entry.ts';
import type { Fact } from '../../domain/order/order.ts';
import { type Decode, decidedIn } from '../../workflows/messages/history.ts';
import { aPlacement, moveOf } from '../domain/an-order.ts';

const placement = aPlacement();
const first = placeOrder(placement);
const { id: orderId } = placement;
const at = '2026-11-22T09:45:00.000Z';
const moved = factAfter(first);
const alerted = raise(first.order, 'delayed', at);
const key = { hash: 'a-key', fingerprint: 'a-request' };
const refused: Rejection = {
  kind: 'rejected',
  id: `${orderId}:rejected:1`,
  orderId,
  at,
  actor: null,
  to: null,
  reason: '',
};

function factAfter({ order }: Fact): Fact {
  return moveOf(order, 'preparation', at);
}

const fact = (fact: Fact): JournalEntry => ({ kind: 'fact', ...fact });

const decode: Decode = async (payloads) => defaultPayloadConverter.fromPayload(payloads?.[0] as Payload);
const holding = (value: unknown) => ({ payloads: [defaultPayloadConverter.toPayload(value) as Payload] });

const started = (start: unknown) => ({ workflowExecutionStartedEventAttributes: { input: holding(start) } });
const accepted = (protocolInstanceId: string, message: unknown) => ({
  workflowExecutionUpdateAcceptedEventAttributes: {
    protocolInstanceId,
    acceptedRequest: { input: { args: holding(message) } },
  },
});
const answered = (updateId: string, outcome: unknown) => ({
  eventTime: { seconds: Date.parse(at) / 1_000 },
  workflowExecutionUpdateCompletedEventAttributes: { meta: { updateId }, outcome: { success: holding(outcome) } },
});
const scheduled = (name: string, input: unknown) => ({
  activityTaskScheduledEventAttributes: { activityType: { name }, input: holding(input) },
});

describe('reading an order’s history', () => {
  test('collects the start, update results and journaled facts, each once, facts first', async () => {
    const { entries, order } = await decidedIn(
      [
        started(placement),
        scheduled('journal', [refused, fact(first)]),
        scheduled('email', [fact(first)]),
        answered('one', { ...moved, replayed: false }),
        scheduled('announce', [fact(alerted)]),
        scheduled('journal', [fact(moved)]),
      ],
      decode,
    );

    expect(entries).toEqual([fact(first), fact(alerted), fact(moved), refused]);
    expect(order).toEqual(moved.order);
  });

  test('dates the key of an unchanged edit from its answer', async () => {
    const unchanged = { event: null, order: first.order, replayed: false };
    const { entries } = await decidedIn(
      [
        started(placement),
        accepted('with', { note: null, key }),
        answered('with', unchanged),
        accepted('without', { note: null }),
        answered('without', unchanged),
        answered('elsewhere', { event: null, order: null, replayed: true }),
      ],
      decode,
    );

    expect(entries).toEqual([fact(first), { kind: 'unchanged', orderId, version: 1, at, key }]);
  });

  test('reads the order and the unjournaled facts that a later run started with', async () => {
    const givenUp: JournalEntry = {
      kind: 'given_up',
      orderId,
      audience: 'redis',
      eventIds: [moved.event.id],
      at,
      error: '',
    };
    const queues = { journal: [givenUp], redis: [], customer: [], shop: [] };
    const carried = { order: moved.order, since: 0, rejections: 0, queues, keys: [] };
    const { entries, order } = await decidedIn([started({ ...placement, carried })], decode);

    expect(entries).toEqual(JSON.parse(JSON.stringify([fact(first), givenUp])));
    expect(order).toEqual(moved.order);
  });

  test('places an alert after the event that it followed', async () => {
    const journal = scheduled('journal', [fact(alerted), fact(first)]);
    expect((await decidedIn([started(placement), journal], decode)).order.flags).toEqual(['delayed']);
  });
});
