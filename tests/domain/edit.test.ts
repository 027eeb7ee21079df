import fc from 'fast-check';
import { decide, evolve, placeOrder } from '../../domain/order/decider.ts';
import type { Command, Edit, Line, Order } from '../../domain/order/order.ts';
import { aLine, aLineWithOptions, anOrderAt, aPlacement, deepFreeze } from './an-order.ts';
import { actors } from './status-table.ts';

const AT = '2026-11-22T09:40:00.000Z';
const line = (id: string, quantity = 1, amount = 100): Line => {
  const unitPrice = { amount, currency: 'USD' };
  return { ...aLine(), id, quantity, unitPrice, total: { amount: amount * quantity, currency: 'USD' } };
};

/** One coffee and two teas. */
const order = deepFreeze(
  placeOrder(
    aPlacement({
      lines: [line('coffee'), line('tea', 2, 50)],
      total: { amount: 200, currency: 'USD' },
      note: 'Hot',
      location: 'take_away',
    }),
  ).order,
);

function edit(change: Edit, on: Order = order, actor = actors.owner) {
  const command: Command = { type: 'edit', actor, ...deepFreeze(change) };
  return decide(on, command, AT);
}

function edited(change: Edit): Order {
  const decision = edit(change);
  if ('refused' in decision || 'unchanged' in decision) throw new Error(JSON.stringify(decision));
  return evolve(order, decision);
}

describe('editing a waiting order', () => {
  test.each<[string, Edit, Partial<Order>]>([
    ['the note', { note: 'Cold' }, { note: 'Cold', lines: order.lines, total: order.total }],
    ['the note, by removing it', { note: null }, { note: null, lines: order.lines }],
    ['the location', { location: 'in_house' }, { location: 'in_house', lines: order.lines }],
    [
      'a quantity',
      {
        lines: [
          { id: 'coffee', quantity: 3 },
          { id: 'tea', quantity: 2 },
        ],
      },
      { lines: [line('coffee', 3), line('tea', 2, 50)], total: { amount: 400, currency: 'USD' } },
    ],
    [
      'the lines, by removing one',
      { lines: [{ id: 'tea', quantity: 2 }] },
      { lines: [line('tea', 2, 50)], total: { amount: 100, currency: 'USD' } },
    ],
    [
      'the lines, by adding one',
      { lines: [line('cake', 1, 300), { id: 'tea', quantity: 1 }] },
      { lines: [line('tea', 1, 50), line('cake', 1, 300)], total: { amount: 350, currency: 'USD' } },
    ],
  ])('changes only %s', (_, change, after) => {
    expect(edited(change)).toEqual({ ...order, version: 2, updatedAt: AT, ...after });
  });

  test('keeps the options and the note of a line, at their price', () => {
    const latte = aLineWithOptions({ id: 'latte' });
    const placed = placeOrder(aPlacement({ lines: [latte], total: latte.total })).order;
    const decision = edit({ lines: [{ id: 'latte', quantity: 3 }, line('tea', 1, 50)] }, placed);
    if ('refused' in decision || 'unchanged' in decision) throw new Error(JSON.stringify(decision));
    const total = { amount: 2_070, currency: 'USD' };
    expect(evolve(placed, decision)).toMatchObject({
      lines: [{ ...latte, quantity: 3, total }, line('tea', 1, 50)],
      total: { amount: 2_120, currency: 'USD' },
    });
  });

  test('records the options and notes of added and removed lines', () => {
    const [before, after] = ['before', 'after'].map((id) => aLineWithOptions({ id }));
    const placed = placeOrder(aPlacement({ lines: [before!], total: before!.total })).order;
    expect(edit({ lines: [after!] }, placed)).toMatchObject({ changes: { added: [after], removed: [before] } });
  });

  test('returns no event if nothing differs, whatever the order of the lines', () => {
    const same: Edit[] = [
      { note: 'Hot' },
      { location: 'take_away', note: 'Hot' },
      {
        lines: [
          { id: 'tea', quantity: 2 },
          { id: 'coffee', quantity: 1 },
        ],
      },
    ];
    for (const change of same) expect(edit(change)).toEqual({ unchanged: true });
  });

  test('records the differences in the event', () => {
    const event = edit({ lines: [{ id: 'coffee', quantity: 2 }, line('cake')], location: 'in_house', note: null });
    expect(event).toMatchObject({
      type: 'order.edited',
      from: 'waiting',
      to: 'waiting',
      version: 2,
      changes: {
        added: [{ id: 'cake' }],
        removed: [{ id: 'tea' }],
        quantities: [{ id: 'coffee', from: 1, to: 2 }],
        location: { from: 'take_away', to: 'in_house' },
        note: { from: 'Hot', to: null },
      },
    });
  });

  test.each<[string, Edit, number[]]>([
    ['a line of another order', { lines: [{ id: 'wine', quantity: 1 }] }, [0]],
    [
      'a line twice',
      {
        lines: [
          { id: 'tea', quantity: 1 },
          { id: 'tea', quantity: 2 },
        ],
      },
      [1],
    ],
    ['a new line under a known id', { lines: [line('tea')] }, [0]],
    ['a new line in another currency', { lines: [{ ...line('cake'), total: { amount: 100, currency: 'EUR' } }] }, [0]],
  ])('refuses %s', (_, change, lines) => {
    expect(edit(change)).toEqual({ refused: 'unknown_lines', lines });
  });

  test.each([
    ['a barista', actors.barista],
    ['a manager', actors.manager],
    ['another customer', actors['another customer']],
    ['a service', actors.service],
  ])('refuses %s', (_, actor) => {
    expect(edit({ note: 'Mine' }, order, actor)).toMatchObject({ refused: 'illegal_transition' });
  });

  test('keeps totals correct and prices of kept lines unchanged after any edit', () => {
    const anyLine = fc.oneof(
      fc.record({ id: fc.constantFrom('coffee', 'tea', 'wine'), quantity: fc.integer({ min: 1, max: 99 }) }),
      fc
        .record({ id: fc.uuid(), quantity: fc.integer({ min: 1, max: 99 }), amount: fc.nat(10_000) })
        .map(({ id, quantity, amount }) => line(id, quantity, amount)),
      fc
        .record({ id: fc.uuid(), quantity: fc.integer({ min: 1, max: 99 }) })
        .map(({ id, quantity }) => aLineWithOptions({ ...line(id, quantity, 690) })),
    );
    fc.assert(
      fc.property(fc.array(anyLine, { minLength: 1, maxLength: 6 }), (lines) => {
        const decision = edit({ lines });
        if ('refused' in decision || 'unchanged' in decision) return;
        const after = evolve(order, decision);
        const sum = after.lines.reduce((total, each) => total + each.unitPrice.amount * each.quantity, 0);
        expect(after.total.amount).toBe(sum);
        for (const before of order.lines) {
          const kept = after.lines.find(({ id }) => id === before.id);
          if (kept) expect(kept.unitPrice).toEqual(before.unitPrice);
        }
      }),
    );
  });
});

test.each(['preparation', 'ready', 'delivered', 'cancelled'] as const)('refuses to edit an order in %s', (status) => {
  const standing = anOrderAt(status);
  expect(edit({ note: 'Late' }, standing)).toMatchObject({ refused: 'illegal_transition', currentStatus: status });
});
