import fc from 'fast-check';
import { isStaff } from '../../domain/actor.ts';
import { decide, evolve, maySee, placeOrder } from '../../domain/order/decider.ts';
import type { Command, Fact, Order } from '../../domain/order/order.ts';
import { allowedTransitions, isFinal, statuses } from '../../domain/order/transitions.ts';
import { anOrderAt, aPlacement, deepFreeze, factOf, toCommand } from './an-order.ts';
import { actors, allowedFrom, everyMove, everyone, everyStatus, isEdge } from './status-table.ts';

const AT = '2026-11-22T10:00:00.000Z';

test('has the documented statuses, of which only the last two are final', () => {
  expect(statuses).toEqual(everyStatus);
  expect(everyStatus.filter(isFinal)).toEqual(['delivered', 'cancelled']);
});

const moves = everyone.flatMap((who) =>
  everyMove.map(({ from, to }) => ({ who, from, to, legal: allowedFrom(from, who).includes(to) })),
);

test.each(moves.filter(({ legal }) => legal))('a move from $from to $to by $who is one event', ({ who, from, to }) => {
  const order = anOrderAt(from);
  const actor = actors[who];

  const event = decide(order, toCommand(to, { actor, reason: 'because' }), AT);

  const version = order.version + 1;
  expect(event).toEqual({
    type: to === 'cancelled' ? 'order.cancelled' : 'order.status_changed',
    id: `${order.id}:${version}`,
    orderId: order.id,
    version,
    at: AT,
    actor,
    from,
    to,
    reason: 'because',
    ...(to === 'cancelled' && { reasonCode: null }),
  });
});

test.each(moves.filter(({ legal }) => !legal))(
  'refuses a move from $from to $to by $who and returns the allowed ones',
  ({ who, from, to }) => {
    const order = anOrderAt(from);

    expect(decide(order, toCommand(to, { actor: actors[who] }), AT)).toEqual({
      refused: 'illegal_transition',
      currentStatus: from,
      allowedTransitions: allowedFrom(from, who),
      version: order.version,
    });
  },
);

test.each(everyone)('allowed transitions for %s are those of the table', (who) => {
  for (const from of everyStatus) {
    expect(allowedTransitions(anOrderAt(from), actors[who])).toEqual(allowedFrom(from, who));
  }
});

describe('a command with an expected version', () => {
  const cancel = (expectedVersion?: number): Command => ({ type: 'cancel', actor: actors.owner, expectedVersion });

  test.each([0, 1, 3, -1, 1.5, Number.NaN])('refuses %p for an order at version 2', (expectedVersion) => {
    expect(decide(anOrderAt('preparation'), cancel(expectedVersion), AT)).toEqual({
      refused: 'version_mismatch',
      version: 2,
    });
  });

  test.each([2, undefined])('accepts %p', (expectedVersion) => {
    expect(decide(anOrderAt('preparation'), cancel(expectedVersion), AT)).toMatchObject({ type: 'order.cancelled' });
  });

  test('reports a version mismatch before an illegal transition', () => {
    expect(decide(anOrderAt('delivered'), cancel(1), AT)).toEqual({ refused: 'version_mismatch', version: 4 });
  });
});

describe('placing an order', () => {
  const key = { hash: 'h', fingerprint: 'f' };

  test('creates a waiting order and an event by the customer', () => {
    const placement = aPlacement({ key, requestId: 'r-1', note: 'Hot' });

    const { event, order } = placeOrder(deepFreeze(placement));

    expect(event).toMatchObject({
      type: 'order.placed',
      id: `${placement.id}:1`,
      version: 1,
      at: placement.placedAt,
      actor: actors.owner,
      from: null,
      to: 'waiting',
      reason: null,
      key,
      requestId: 'r-1',
    });
    const { key: _, requestId: __, ...ordered } = placement;
    expect(order).toEqual({
      ...ordered,
      status: 'waiting',
      version: 1,
      flags: [],
      cancellation: null,
      updatedAt: placement.placedAt,
    });
  });

  test('is deterministic: the same placement creates the same order', () => {
    expect(placeOrder(aPlacement())).toEqual(placeOrder(aPlacement()));
  });
});

describe('applying an event', () => {
  test('stores the reason, actor and time of a cancellation', () => {
    const order = anOrderAt('waiting');
    const command: Command = { type: 'cancel', actor: actors.owner, reasonCode: 'too_busy', reason: 'Sorry' };

    expect(factOf(order, command, AT).order).toEqual({
      ...order,
      status: 'cancelled',
      version: 2,
      updatedAt: AT,
      cancellation: { reasonCode: 'too_busy', reason: 'Sorry', by: actors.owner, at: AT },
    });
  });

  test('keeps the idempotency key and the request id', () => {
    const key = { hash: 'h', fingerprint: 'f' };
    const command: Command = { type: 'cancel', actor: actors.owner, key, requestId: 'r-2' };
    expect(decide(anOrderAt('waiting'), command, AT)).toMatchObject({ key, requestId: 'r-2' });
  });
});

test.each(everyone)('lets only the owner and the shop see an order: %s', (who) => {
  expect(maySee(anOrderAt('waiting'), actors[who])).toBe(who !== 'another customer');
});

describe('any sequence of commands', () => {
  const anyCommand = fc
    .record({
      to: fc.constantFrom(...everyStatus),
      actor: fc.constantFrom(...Object.values(actors)),
      expectedVersion: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined, freq: 3 }),
      reason: fc.option(fc.string(), { nil: undefined }),
    })
    .map(({ to, ...request }) => toCommand(to, request));

  /** Returns all facts of one order, including its placement. */
  function historyOf(commands: Command[]): Fact[] {
    const facts = [deepFreeze(placeOrder(aPlacement()))];
    for (const [index, command] of commands.entries()) {
      const { order } = facts.at(-1) as Fact;
      const at = new Date(Date.parse(order.placedAt) + index * 1_000).toISOString();
      const event = decide(order, deepFreeze(command), at);
      if (!('refused' in event || 'unchanged' in event)) facts.push(deepFreeze({ event, order: evolve(order, event) }));
    }
    return facts;
  }

  const holds = (law: (facts: Fact[]) => void) =>
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 30 }), (commands) => law(historyOf(commands))),
      { numRuns: 500 },
    );

  test('numbers the versions from 1 and ends at the status of the last event', () => {
    holds((facts) => {
      expect(facts.map(({ event }) => event.version)).toEqual(facts.map((_, index) => index + 1));
      for (const { event, order } of facts) {
        expect(order).toMatchObject({ version: event.version, status: event.to, updatedAt: event.at });
        expect(event.id).toBe(`${order.id}:${event.version}`);
      }
    });
  });

  test('makes only transitions of the table, by allowed actors', () => {
    holds((facts) => {
      for (const [index, { event }] of facts.slice(1).entries()) {
        const { order: before } = facts[index] as Fact;
        expect(event.from).toBe(before.status);
        expect(isEdge(before.status, event.to)).toBe(true);
        const mayCancel = event.to === 'cancelled' && event.actor.id === before.customer.id;
        expect(isStaff(event.actor) || mayCancel).toBe(true);
      }
    });
  });

  test('never changes lines, total, number or owner', () => {
    const frozen = ({ id, number, customer, location, note, lines, total, placedAt }: Order) => {
      return { id, number, customer, location, note, lines, total, placedAt };
    };
    holds((facts) => {
      const placed = facts[0] as Fact;
      for (const { order } of facts) {
        expect(frozen(order)).toEqual(frozen(placed.order));
        expect(order.total.amount).toBe(order.lines.reduce((sum, line) => sum + line.total.amount, 0));
      }
    });
  });

  test('ends at a final status; only cancelled orders have a cancellation', () => {
    holds((facts) => {
      expect(facts.slice(0, -1).some(({ order }) => isFinal(order.status))).toBe(false);
      for (const { order } of facts) expect(order.cancellation !== null).toBe(order.status === 'cancelled');
    });
  });
});
