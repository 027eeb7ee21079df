import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { listOrders, type OrderInEvent } from '../client/index.ts';
import { untilOnline } from '../page/online.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { type Connection, follow, type StreamEvent } from '../streams/follow.ts';
import { isOpen, openStatuses } from './status.ts';

/** The open orders of the shop. */
export interface OpenOrders {
  /** By id, the oldest first. */
  orders: ReadonlySignal<ReadonlyMap<string, OrderInEvent>>;
  /** The customers' names by the id of the order; null: no name. Events contain no names, so they arrive a little later. */
  names: ReadonlySignal<ReadonlyMap<string, string | null>>;
  connection: ReadonlySignal<Connection>;
  /** Takes over an order of a response, unless the stream has already sent a later version. */
  update(order: OrderInEvent): void;
  stop(): void;
}

interface OpenOrdersOptions {
  /** Called with every event, after `orders` has changed. */
  onEvent?: (event: StreamEvent) => void;
  onRefused?: (status: number) => void;
}

/** The shortest time between two requests for names, in ms. */
const NAMES_MS = 1_000;

/** The time until the next request for names after one that failed, in ms. */
const NAMES_RETRY_MS = 10_000;

/** Follows all open orders of the shop, and reads the names of their customers. */
export function followOpenOrders({ onEvent, onRefused }: OpenOrdersOptions = {}): OpenOrders {
  const orders = signal<ReadonlyMap<string, OrderInEvent>>(new Map());
  const names = signal<ReadonlyMap<string, string | null>>(new Map());
  let readingNames = false;
  let isStopped = false;

  function receive(event: StreamEvent): void {
    batch(() => {
      if (event.type === 'snapshot' && 'orders' in event.data) {
        orders.value = new Map(event.data.orders.map((order) => [order.id, order]));
        names.value = new Map([...names.value].filter(([id]) => orders.value.has(id)));
      } else if (event.type !== 'snapshot' && event.type !== 'catalog.changed') put(event.data.data.order);
      onEvent?.(event);
    });
    void readNames();
  }

  function put(order: OrderInEvent): void {
    // The response to a change can arrive before its event.
    if (order.version < (orders.value.get(order.id)?.version ?? 0)) return;
    const changed = new Map(orders.value);
    if (isOpen(order.status)) changed.set(order.id, order);
    else changed.delete(order.id);
    orders.value = changed;
    if (isOpen(order.status) || !names.value.has(order.id)) return;
    const left = new Map(names.value);
    left.delete(order.id);
    names.value = left;
  }

  const isNameMissing = () => [...orders.value.keys()].some((id) => !names.value.has(id));

  /** Reads names, the newest orders first, until no name is missing. */
  async function readNames(): Promise<void> {
    if (readingNames) return;
    readingNames = true;
    while (isNameMissing() && !isStopped) {
      const isDone = await readPages();
      await untilOnline(isDone ? NAMES_MS : NAMES_RETRY_MS);
    }
    readingNames = false;
  }

  /** @returns whether the API has answered with names */
  async function readPages(): Promise<boolean> {
    let cursor: string | undefined;
    do {
      const query = { status: openStatuses, sort: '-placedAt' as const, limit: 100, cursor };
      const outcome = await outcomeOf(listOrders({ query }));
      if (outcome.kind !== 'done') return false;
      const { data, nextCursor } = outcome.data;
      const listed = data.map(({ id, customer }) => [id, customer.name] as const);
      names.value = new Map([...names.value, ...listed].filter(([id]) => orders.value.has(id)));
      cursor = nextCursor ?? undefined;
    } while (cursor && isNameMissing() && !isStopped);
    return true;
  }

  const following = follow({ url: '/v1/orders/events', onEvent: receive, onRefused });
  return {
    orders,
    names,
    connection: following.connection,
    update(order) {
      const known = orders.value.get(order.id);
      if (known && known.version < order.version) put(order);
    },
    stop() {
      isStopped = true;
      following.stop();
    },
  };
}
