import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { MenuItem } from '../../db/catalog-view.ts';
import type { Status } from '../../domain/order/transitions.ts';
import type { Client, OperationRequest } from './client.ts';
import type { ShownOrder } from './operation-log.ts';
import type { Random } from './random.ts';

// Customers, baristas and managers who mostly act sensibly, and sometimes send invalid requests.

/** The pause between two requests of a user, in ms. */
const PAUSE_MS = { customer: [150, 750], manager: [100, 450] } as const;

/** How many of their latest orders a customer reads and changes. */
const RECENT_ORDERS = 8;

/** Places, changes and reads the customer's own orders until stopped. */
export const actAsCustomer = (client: Client, random: Random, stop: AbortSignal): Promise<void> =>
  placeOrders(client, random, stop, {
    fields: () => ({}),
    forbidden: ({ id }) => ({
      kind: 'move',
      method: 'POST',
      path: `/v1/orders/${id}/status`,
      body: { status: 'preparation' },
    }),
  });

/** Places, changes and reads orders at the counter until stopped. Most of them have a name. */
export const actAsBarista = (client: Client, random: Random, stop: AbortSignal): Promise<void> =>
  placeOrders(client, random, stop, {
    fields: () => (random.chance(0.8) ? { customerName: `Guest ${randomUUID().slice(0, 4)}` } : {}),
    forbidden: () => ({ kind: 'menu', method: 'POST', path: '/v1/option-groups', body: { name: randomUUID() } }),
  });

interface Placing {
  /** Returns further fields of a new order. */
  fields(): object;
  /** Returns a request for which the user lacks the permission. */
  forbidden(order: ShownOrder): Pick<OperationRequest, 'kind' | 'method' | 'path' | 'body'>;
}

async function placeOrders(client: Client, random: Random, stop: AbortSignal, placing: Placing): Promise<void> {
  let menu: MenuItem[] = [];
  const orders: ShownOrder[] = [];
  const accepted: OperationRequest[] = [];

  async function change(request: OperationRequest): Promise<void> {
    const answer = await client.ask({ key: randomUUID(), ...request, twice: random.chance(0.04) });
    const [order] = answer?.shown ?? [];
    if (!order) return;
    accepted.push(request);
    const known = orders.findIndex(({ id }) => id === order.id);
    if (known >= 0) orders[known] = order;
    else orders.push(order);
    orders.splice(0, orders.length - RECENT_ORDERS);
  }

  const place = () =>
    change({
      kind: 'place',
      method: 'POST',
      path: '/v1/orders',
      key: randomUUID(),
      body: {
        lines: linesFrom(menu, random),
        ...(random.chance(0.3) && { note: `Table ${Math.floor(random.between(1, 99))}` }),
        ...placing.fields(),
      },
      // An option may be sold out.
      expected: [409],
    });

  async function edit(): Promise<void> {
    const order = random.pick(orders);
    const bodies = [
      { note: random.pick([null, 'No sugar', `Call ${randomUUID().slice(0, 4)}`]) },
      { location: random.pick(['take_away', 'in_house']) },
      {
        lines: [
          ...order.lines.map(({ id }) => ({ id, quantity: Math.floor(random.between(1, 9)) })),
          ...linesFrom(menu, random),
        ],
      },
    ];
    const conditional = random.chance(0.3);
    await change({
      kind: 'edit',
      method: 'PATCH',
      path: `/v1/orders/${order.id}`,
      key: randomUUID(),
      body: random.pick(bodies),
      expected: conditional ? [409, 412] : [409],
      ...(conditional && { headers: { 'if-match': `"${order.version}"` } }),
    });
  }

  const cancel = () =>
    change({
      kind: 'cancel',
      method: 'POST',
      path: `/v1/orders/${random.pick(orders).id}/cancel`,
      key: randomUUID(),
      body: { reasonCode: 'customer_request' },
      expected: [409],
    });

  const look = (path: string, kind: OperationRequest['kind']) => client.ask({ kind, method: 'GET', path });

  /** Repeats an accepted request with the same key. */
  const repeat = () => client.ask(random.pick(accepted));

  const choices: [weight: number, act: () => Promise<unknown>][] = [
    [30, place],
    [14, edit],
    [7, cancel],
    [20, () => look(`/v1/orders/${random.pick(orders).id}`, 'read')],
    [8, () => look('/v1/orders?limit=10', 'list')],
    [5, () => look('/v1/catalog', 'menu')],
    [4, () => look(`/v1/orders/${random.pick(orders).id}/timeline`, 'menu')],
    [6, repeat],
    [6, () => client.ask(invalidRequest(placing.forbidden(random.pick(orders)), random.pick(accepted), random))],
  ];

  while (!stop.aborted) {
    await delay(random.between(...PAUSE_MS.customer));
    if (menu.length === 0) {
      const answer = await client.ask({ kind: 'menu', method: 'GET', path: '/v1/catalog' });
      menu = (answer?.body as { data?: MenuItem[] } | undefined)?.data ?? [];
    } else if (accepted.length === 0) await place();
    else await random.pick(choices.flatMap(([weight, act]) => Array.from({ length: weight }, () => act)))();
  }
}

/** Returns one to three random lines of a new order. */
const linesFrom = (menu: MenuItem[], random: Random) =>
  Array.from({ length: Math.floor(random.between(1, 4)) }, () => {
    const item = random.pick(menu);
    const variation = random.chance(0.7) ? random.pick([undefined, ...item.variations]) : undefined;
    const quantity = Math.floor(random.between(1, 5));
    return {
      productId: item.id,
      ...(variation && { variationId: variation.id }),
      quantity,
      ...(random.chance(0.4) && { options: optionsFrom(item, random), note: 'Extra hot' }),
    };
  });

/** Returns one random option of each option group. */
const optionsFrom = ({ optionGroups }: MenuItem, random: Random) =>
  optionGroups.map(({ options }) => ({ optionId: random.pick(options).id, quantity: 1 }));

/** Returns a forbidden or invalid request. One of them repeats an accepted request's key with another body. */
function invalidRequest(
  forbidden: ReturnType<Placing['forbidden']>,
  accepted: OperationRequest,
  random: Random,
): OperationRequest {
  const key = randomUUID();
  const otherBody =
    accepted.kind === 'cancel'
      ? { reasonCode: 'other' }
      : { ...(accepted.body as object), location: 'in_house', note: key };
  return random.pick<OperationRequest>([
    { ...forbidden, key, expected: [403] },
    { kind: 'place', method: 'POST', path: '/v1/orders', key, body: { lines: [] }, expected: [400] },
    { kind: 'read', method: 'GET', path: `/v1/orders/${randomUUID()}`, expected: [404] },
    { ...accepted, body: otherBody, expected: [422] },
  ]);
}

/** The statuses that a manager filters by, weighted. */
const STATUS_FILTERS: readonly Status[] = ['waiting', 'waiting', 'preparation', 'ready'];

/** Marks an option as sold out or available. */
async function changeAvailability(client: Client, random: Random): Promise<void> {
  const answer = await client.ask({ kind: 'menu', method: 'GET', path: '/v1/catalog' });
  const menu = (answer?.body as { data?: MenuItem[] } | undefined)?.data ?? [];
  const [group] = random.shuffled(menu.flatMap(({ optionGroups }) => optionGroups));
  if (!group) return;
  const path = `/v1/option-groups/${group.id}/options/${random.pick(group.options).id}`;
  await client.ask({ kind: 'sell out', method: 'PATCH', path, body: { available: random.chance(0.8) } });
}

/** Moves orders until stopped: mostly forward, sometimes back or to `cancelled`. Sometimes an option is sold out. */
export async function actAsManager(client: Client, random: Random, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const sort = random.pick(['placedAt', '-placedAt']);
    const path = `/v1/orders?limit=10&sort=${sort}&status=${random.pick(STATUS_FILTERS)}`;
    const answer = await client.ask({ kind: 'list', method: 'GET', path });
    // Move only some of the orders, so that two managers seldom move the same one.
    for (const order of random.shuffled(answer?.shown ?? []).slice(0, 3)) {
      await delay(random.between(...PAUSE_MS.manager));
      if (stop.aborted) return;
      await client.ask(moveOf(order, random));
      if (random.chance(0.2)) await client.ask({ kind: 'read', method: 'GET', path: `/v1/orders/${order.id}` });
    }
    if (random.chance(0.2)) await changeAvailability(client, random);
    await delay(random.between(...PAUSE_MS.manager));
  }
}

function moveOf({ id, allowedTransitions }: ShownOrder, random: Random): OperationRequest {
  const allowed = random.pick(allowedTransitions);
  // Move mostly forward, so that most orders end.
  const to = random.chance(0.8)
    ? (allowedTransitions.find((status) => !['waiting', 'cancelled'].includes(status)) ?? allowed)
    : allowed;
  const request = { method: 'POST', key: randomUUID(), expected: [409], twice: random.chance(0.04) } as const;
  if (to === 'cancelled')
    return {
      ...request,
      expected: [409],
      kind: 'cancel',
      path: `/v1/orders/${id}/cancel`,
      body: { reason: 'Out of milk' },
    };
  const status = random.chance(0.08) ? random.pick(['waiting', 'preparation', 'ready', 'delivered']) : to;
  return { ...request, expected: [409], kind: 'move', path: `/v1/orders/${id}/status`, body: { status } };
}

const NEXT: Partial<Record<Status, Status>> = { waiting: 'preparation', preparation: 'ready', ready: 'delivered' };

/** Moves an order step by step to a status, or until another user has moved it. */
export async function moveTo(
  client: Client,
  { id, status }: { id: string; status: Status },
  end: Status,
): Promise<void> {
  const path = `/v1/orders/${id}/status`;
  let at: Status | undefined = status;
  while (at && at !== end && NEXT[at]) {
    const body = { status: NEXT[at] };
    const answer = await client.ask({ kind: 'move', method: 'POST', path, key: randomUUID(), body, expected: [409] });
    at = answer?.shown?.[0]?.status;
  }
}
