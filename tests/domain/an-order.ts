import { decide, evolve, placeOrder } from '../../domain/order/decider.ts';
import type { Command, Fact, Line, LineOption, Order, Placement } from '../../domain/order/order.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { usd } from '../usd.ts';
import { actors, OWNER_ID, wayTo } from './status-table.ts';

export const aLine = (line: Partial<Line> = {}): Line => ({
  id: '11111111-0000-4000-8000-000000000001',
  productId: '22222222-0000-4000-8000-000000000001',
  variationId: '33333333-0000-4000-8000-000000000001',
  product: 'Latte',
  variation: 'Vanilla',
  quantity: 2,
  unitPrice: usd(430),
  total: usd(860),
  ...line,
});

/** An option for each unit of a line. */
export const anOption = (option: Partial<LineOption> = {}): LineOption => ({
  id: '55555555-0000-4000-8000-000000000001',
  group: 'Milk',
  name: 'Oat',
  quantity: 1,
  unitPrice: usd(60),
  ...option,
});

/** Returns a line of two lattes with oat milk, two extra shots and a note. */
export const aLineWithOptions = (line: Partial<Line> = {}): Line =>
  aLine({
    options: [
      anOption(),
      anOption({
        id: '55555555-0000-4000-8000-000000000002',
        group: 'Extras',
        name: 'Extra shot',
        quantity: 2,
        unitPrice: usd(100),
      }),
    ],
    note: 'Extra hot',
    unitPrice: usd(690),
    total: usd(1380),
    ...line,
  });

const tea = { product: 'Tea', variation: null, variationId: null, quantity: 1, unitPrice: usd(300), total: usd(300) };

export const aPlacement = (placement: Partial<Placement> = {}): Placement => ({
  id: '44444444-0000-4000-8000-000000000001',
  number: 42,
  customer: { id: OWNER_ID },
  location: 'take_away',
  note: null,
  lines: [aLine(), aLine({ id: '11111111-0000-4000-8000-000000000002', ...tea })],
  total: usd(1160),
  placedAt: '2026-11-22T09:30:00.000Z',
  ...placement,
});

/** Returns a cancellation if the move leads to `cancelled`, else a change of status. */
export const toCommand = (to: Status, request: Pick<Command, 'actor' | 'reason' | 'expectedVersion'>): Command =>
  to === 'cancelled' ? { type: 'cancel', ...request } : { type: 'change_status', to, ...request };

/** Returns the fact that a command causes. @throws if the command is refused or makes no difference */
export function factOf(order: Order, command: Command, at: string): Fact {
  const event = decide(order, command, at);
  if ('refused' in event || 'unchanged' in event) throw new Error(`No event: ${JSON.stringify(event)}`);
  return { event, order: evolve(order, event) };
}

/** Returns the fact of a manager's move. */
export const moveOf = (order: Order, to: Status, at: string): Fact =>
  factOf(order, toCommand(to, { actor: actors.manager }), at);

/** Returns an order that a manager moved to a status, frozen so that it cannot be changed in place. */
export function anOrderAt(status: Status): Order {
  return wayTo[status].reduce(
    (order, to) => deepFreeze(moveOf(order, to, '2026-11-22T09:31:00.000Z').order),
    deepFreeze(placeOrder(aPlacement()).order),
  );
}

export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
