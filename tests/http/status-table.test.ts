import type { Status } from '../../domain/order/transitions.ts';
import { allowedFrom, everyMove, everyStatus, wayTo } from '../domain/status-table.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { newCustomer } from './people.ts';
import { expectFaults, expectProblem } from './problem.ts';

let shop: Shop;
let stranger: string;
beforeAll(async () => {
  shop = await openShop();
  stranger = (await newCustomer(shop)).token;
  // Rejected requests change nothing, so all of them can share an order.
  for (const status of everyStatus) orderIds.set(status, await orderAt(status));
}, 60_000);
afterAll(() => shop.close());

const orderIds = new Map<Status, string>();
const orderIdAt = (status: Status) => orderIds.get(status) as string;

const roles = ['owner', 'manager'] as const;
type Role = (typeof roles)[number];
const tokenOf = (role: Role) => (role === 'owner' ? shop.customer : shop.manager);

/** Places an order and moves it to a status. */
async function orderAt(status: Status): Promise<string> {
  const { body: order } = await shop.place();
  for (const step of wayTo[status]) {
    const { status: answered } = await move(order.id, step, shop.manager);
    if (answered !== 200) throw new Error(`${order.id} did not go to ${step}: ${answered}`);
  }
  return order.id;
}

/** Requests a transition. A cancellation has a route of its own. */
function move(orderId: string, to: Status, as?: string): Promise<Answer> {
  const { path, body } = to === 'cancelled' ? { path: 'cancel', body: {} } : { path: 'status', body: { status: to } };
  return shop.requestUntilKnown('POST', `/v1/orders/${orderId}/${path}`, { ...(as && { as }), body });
}

/** Returns all records of an order, except its deliveries, which continue meanwhile. */
async function everythingOf(orderId: string) {
  const [row, events, rejections] = await Promise.all([
    shop.database('orders').where({ id: orderId }).first(),
    shop.database('order_events').where({ order_id: orderId }).orderBy('version'),
    shop.database('order_rejections').where({ order_id: orderId }),
  ]);
  return { row, events, rejections };
}

async function expectUnchanged(orderId: string, attempt: () => Promise<void>): Promise<void> {
  const before = await everythingOf(orderId);
  await attempt();
  expect(await everythingOf(orderId)).toEqual(before);
}

const moves = roles.flatMap((role) =>
  everyMove.map(({ from, to }) => ({ role, from, to, legal: allowedFrom(from, role).includes(to) })),
);

test.each(moves.filter(({ legal }) => legal))(
  'the $role moves an order from $from to $to, which adds a version',
  async ({ role, from, to }) => {
    const id = await orderAt(from);
    const version = wayTo[from].length + 2;

    const { status, headers, body } = await move(id, to, tokenOf(role));

    expect({ status, etag: headers.get('etag') }).toEqual({ status: 200, etag: `"${version}"` });
    expect(body).toMatchObject({ id, status: to, version, allowedTransitions: allowedFrom(to, role) });
    const read = await shop.readOrder(id, tokenOf(role));
    expect(read.body).toEqual(body);
    const { events } = await everythingOf(id);
    expect(events.at(-1)).toMatchObject({ version, event: { from, to, version } });
  },
);

// Customers can only cancel their orders.
const refused = moves.filter(({ legal, role, to }) => !legal && (role === 'manager' || to === 'cancelled'));

test.each(refused)(
  'the $role cannot move an order from $from to $to, and it does not change',
  async ({ role, from, to }) => {
    const id = orderIdAt(from);
    await expectUnchanged(id, async () => {
      expectProblem(await move(id, to, tokenOf(role)), 'illegal_transition', {
        currentStatus: from,
        allowedTransitions: allowedFrom(from, role),
        version: wayTo[from].length + 1,
      });
    });
  },
);

describe.each(everyStatus)('An order at %s', (from) => {
  test('cannot be moved by a customer to any status', async () => {
    const id = orderIdAt(from);
    await expectUnchanged(id, async () => {
      for (const to of everyStatus.filter((status) => status !== 'cancelled')) {
        for (const customer of [shop.customer, stranger]) expectProblem(await move(id, to, customer), 'forbidden');
      }
    });
  });

  test('is not found when another customer cancels it', async () => {
    const id = orderIdAt(from);
    await expectUnchanged(id, async () => expectProblem(await move(id, 'cancelled', stranger), 'not_found'));
  });

  test('rejects all unauthenticated requests', async () => {
    const id = orderIdAt(from);
    await expectUnchanged(id, async () => {
      for (const to of everyStatus) {
        const answer = await move(id, to);
        expectProblem(answer, 'unauthenticated');
        expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="crema"');
      }
    });
  });

  test('rejects the status `cancelled` with a detail that names /cancel', async () => {
    const id = orderIdAt(from);
    await expectUnchanged(id, async () => {
      const answer = await shop.request('POST', `/v1/orders/${id}/status`, {
        as: shop.manager,
        body: { status: 'cancelled' },
      });
      expectFaults(answer, ['#/status']);
      expect(answer.body.detail).toContain('/cancel');
    });
  });

  test.each(roles)('shows the %s the allowed transitions', async (role) => {
    const { body } = await shop.readOrder(orderIdAt(from), tokenOf(role));
    expect(body).toMatchObject({ status: from, allowedTransitions: allowedFrom(from, role) });
  });
});

test.each(['delivered', 'cancelled'] as const)(
  'rejects changes of a %s order in the same way after its workflow has ended',
  async (status) => {
    const id = orderIdAt(status);
    await shop.waitForEnd(id);
    const version = wayTo[status].length + 1;
    await expectUnchanged(id, async () => {
      for (const to of everyStatus) {
        const extra = { currentStatus: status, allowedTransitions: [], version };
        expectProblem(await move(id, to, shop.manager), 'illegal_transition', extra);
      }
    });
  },
);

test('returns 404 for a move of an unknown order', async () => {
  const unknownId = '0c0ffee0-0000-4000-8000-0000000000ff';
  for (const to of everyStatus) expectProblem(await move(unknownId, to, shop.manager), 'not_found');
});

test('accepts an order id in capitals', async () => {
  const { body } = await move((await orderAt('waiting')).toUpperCase(), 'preparation', shop.manager);
  expect(body).toMatchObject({ status: 'preparation', version: 2 });
});

test('shows the reason of a manager on the timeline', async () => {
  const id = await orderAt('preparation');
  const body = { status: 'waiting', reason: '  Out of oat milk\nfor now ☕ ' };
  await shop.requestUntilKnown('POST', `/v1/orders/${id}/status`, { as: shop.manager, body });
  const timeline = await shop.timeline(id, shop.customer);
  expect(timeline.findLast(({ kind }) => kind === 'event')).toMatchObject({
    from: 'preparation',
    to: 'waiting',
    actor: { type: 'manager', id: null },
    reason: 'Out of oat milk\nfor now ☕',
  });
});
