import { useComputed } from '@preact/signals';
import type { TargetedMouseEvent, VNode } from 'preact';
import type { OrderInEvent, OrderLine, TargetStatus } from '../client/index.ts';
import { Lines } from '../orders/lines.tsx';
import { isOpen, stepsFrom } from '../orders/status.ts';
import { words as orderWords } from '../orders/words.ts';
import { settings } from '../page/settings.ts';
import { now } from './clock.ts';
import { nameOf } from './orders.ts';
import { queue } from './outbox.ts';
import { panel } from './panel.ts';
import { linkedOrder } from './view.ts';
import { words } from './words.ts';

/** An open order with its next steps. */
function Card({ order }: { order: OrderInEvent }) {
  const { id, number, status, version } = order;
  const name = useComputed(() => nameOf(id));
  const isLinked = useComputed(() => linkedOrder.value === id);
  if (!isOpen(status)) return null;
  const { forward, back } = stepsFrom[status];
  const { about } = words.value;
  const move = (event: TargetedMouseEvent<HTMLButtonElement>, to: TargetStatus) => {
    focusNeighbour(event.currentTarget);
    queue({ kind: 'move', orderId: id, number, ifMatch: version, status: to });
  };
  return (
    <li class={isLinked.value ? 'card linked' : 'card'} id={id} tabIndex={-1}>
      <header>
        <h3>
          <span class="number">#{number}</span> <bdi>{name.value}</bdi>
        </h3>
        <Age order={order} />
      </header>
      <OrderContent {...order} />
      <div class="steps">
        {back && (
          <button
            type="button"
            class="quiet icon"
            aria-label={about(words.value.back, number)}
            onClick={(event) => move(event, back)}
          >
            ←
          </button>
        )}
        <button
          type="button"
          class="forward"
          aria-label={about(words.value.forward[status], number)}
          onClick={(event) => move(event, forward)}
        >
          {words.value.forward[status]}
        </button>
        <button
          type="button"
          class="quiet icon"
          aria-label={about(words.value.more, number)}
          onClick={() => {
            panel.value = { kind: 'order', id };
          }}
        >
          …
        </button>
      </div>
    </li>
  );
}

const cards = new WeakMap<OrderInEvent, VNode>();

/** Returns the card of an order. An order that has not changed has the same card, which is not rendered again. */
export function cardOf(order: OrderInEvent): VNode {
  const card = cards.get(order) ?? <Card key={order.id} order={order} />;
  cards.set(order, card);
  return card;
}

interface OrderContentProps extends Pick<OrderInEvent, 'location' | 'note'> {
  lines: OrderLine[];
  channel?: OrderInEvent['channel'];
}

export const OrderContent = ({ location, channel, lines, note }: OrderContentProps) => (
  <>
    <p class="faint">
      {orderWords.value.location[location]}
      {channel && ` · ${words.value.channels[channel]}`}
    </p>
    <Lines lines={lines} />
    {note && (
      <p class="note" dir="auto">
        “{note}”
      </p>
    )}
  </>
);

/** In seconds. An order in preparation is never late. */
const limits = { waiting: settings.delayedAfter, preparation: Infinity, ready: settings.uncollectedAfter };

/** The time since an order was placed, or since it became ready. */
function Age({ order: { status, placedAt, updatedAt } }: { order: OrderInEvent }) {
  if (!isOpen(status)) return null;
  const seconds = Math.max(0, (now.value - Date.parse(status === 'ready' ? updatedAt : placedAt)) / 1_000);
  const age = words.value.minutes(Math.floor(seconds / 60));
  const isLate = seconds >= limits[status];
  return <p class={isLate ? 'age late' : 'age'}>{isLate ? `${words.value.late[status]} · ${age}` : age}</p>;
}

/** Moves the focus to a neighbour of a card that leaves its column. */
function focusNeighbour(button: HTMLElement): void {
  const card = button.closest('.card');
  const neighbour = card?.nextElementSibling ?? card?.previousElementSibling;
  const next = neighbour?.querySelector<HTMLElement>('.forward') ?? card?.closest('section')?.querySelector('h2');
  next?.focus({ preventScroll: true });
}
