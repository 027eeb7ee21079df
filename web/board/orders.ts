import { computed, signal } from '@preact/signals';
import { listOrders, type Order, type OrderInEvent } from '../client/index.ts';
import { readMenu } from '../menu/menu.ts';
import { followOpenOrders, type OpenOrders } from '../orders/open-orders.ts';
import { isOpen, type OpenStatus } from '../orders/status.ts';
import { outcomeOf } from '../requests/outcome.ts';
import type { StreamEvent } from '../streams/follow.ts';
import { notify } from './notices.ts';
import { type Entry, entries, isAboutOrder, statusAfter } from './outbox.ts';
import { panel } from './panel.ts';
import { session } from './session.ts';
import { announceNewOrder } from './sound.ts';
import { words } from './words.ts';

/** The number of delivered orders that the board shows. */
const LAST = 10;

const followed = signal<OpenOrders | undefined>(undefined);

/** Whether the open orders have arrived. */
export const isLoaded = signal(false);

export const connection = computed(() => followed.value?.connection.value ?? 'connecting');

export const nameOf = (id: string): string | null | undefined => followed.value?.names.value.get(id);

const changesByOrder = computed(() =>
  Map.groupBy(entries.value, ({ change }) => (isAboutOrder(change) ? change.orderId : '')),
);

/** Returns the order as it will be. A change of another version has been applied already, or will be refused. */
function withChanges(stored: OrderInEvent, queued: Entry[] = []): OrderInEvent {
  let order = stored;
  for (const { change, madeAt } of queued) {
    if (!isAboutOrder(change) || change.ifMatch !== order.version) continue;
    order = {
      ...order,
      status: statusAfter(change),
      version: order.version + 1,
      updatedAt: new Date(madeAt).toISOString(),
    };
  }
  return order;
}

const shown = computed(() => {
  const stored = [...(followed.value?.orders.value.values() ?? [])];
  return new Map(stored.map((order) => [order.id, withChanges(order, changesByOrder.value.get(order.id))]));
});

const byStatus = computed(() => Map.groupBy(shown.value.values(), ({ status }) => status));

/** Returns the order with the queued changes, if it is open. */
export function findOrder(id: string): (OrderInEvent & { status: OpenStatus }) | undefined {
  const order = shown.value.get(id);
  return order && isOpen(order.status) ? { ...order, status: order.status } : undefined;
}

/** Returns the orders of a column, the oldest first. */
export const ordersIn = (status: OpenStatus): OrderInEvent[] => byStatus.value.get(status) ?? [];

/** Takes over the order of a response. */
export const updateOrder = (order: Order): void => followed.value?.update(order);

/** A delivered order, or one whose delivery is queued. */
type Delivered = Pick<Order, 'id' | 'number' | 'lines' | 'updatedAt'> & { customer: { name?: string | null } };

const delivered = signal<Delivered[]>([]);

/** The orders that were delivered last, the newest first. */
export const lastDelivered = computed(() =>
  (byStatus.value.get('delivered') ?? [])
    .map((order): Delivered => ({ ...order, customer: { name: nameOf(order.id) } }))
    .concat(delivered.value)
    .sort((a, b) => b.updatedAt.localeCompare(a.updatedAt))
    .slice(0, LAST),
);

export async function readDelivered(): Promise<void> {
  const outcome = await outcomeOf(listOrders({ query: { status: ['delivered'], sort: '-updatedAt', limit: LAST } }));
  if (outcome.kind === 'done') delivered.value = outcome.data.data;
}

function receive(event: StreamEvent): void {
  if (event.type === 'snapshot') {
    isLoaded.value = true;
    void readDelivered();
  } else if (event.type === 'catalog.changed') {
    void readMenu();
  } else {
    const { order, from, to, actor } = event.data.data;
    if (event.type === 'order.placed') announceNewOrder();
    if (to === 'delivered' && panel.value?.kind === 'last delivered') void readDelivered();
    if (to === 'cancelled' && from === 'preparation' && actor.id !== session.account.value?.id) {
      notify(words.value.stopPreparing(order.number), { id: event.data.id });
    }
  }
}

/** Follows the orders. @returns a function that stops it */
export function followOrders(): () => void {
  followed.value = followOpenOrders({
    onEvent: receive,
    // A new role ends the access to the stream.
    onRefused: (status) => status === 403 && void session.readAccount(),
  });
  return followed.value.stop;
}
