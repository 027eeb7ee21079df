import { computed } from '@preact/signals';
import { describeOptions } from '../orders/lines.tsx';
import { type OpenStatus, openStatuses } from '../orders/status.ts';
import { cardOf, OrderContent } from './card.tsx';
import { ordersIn } from './orders.ts';
import { entries } from './outbox.ts';
import { shownColumn } from './view.ts';
import { words } from './words.ts';

/** The counter orders that the API has not answered yet. */
const placing = computed(() =>
  entries.value.flatMap(({ id, change }) => (change.kind === 'place' ? [{ id, ...change.draft }] : [])),
);

const isWide = matchMedia('(min-width: 48rem)').matches;

/** Equal drinks of waiting orders, the most frequent first. */
const toMake = computed(() => {
  const lines = ordersIn('waiting').flatMap((order) => order.lines);
  const equal = Map.groupBy(lines, (line) =>
    [line.product, line.variation, describeOptions(line), line.note].filter(Boolean).join(' · '),
  );
  return [...equal]
    .map(([text, some]) => ({ text, quantity: some.reduce((sum, line) => sum + line.quantity, 0) }))
    .sort((a, b) => b.quantity - a.quantity);
});

export const ToMake = () => (
  <details class="to-make" open={isWide}>
    <summary>{words.value.toMake(toMake.value.reduce((sum, { quantity }) => sum + quantity, 0))}</summary>
    <ul>
      {toMake.value.map(({ text, quantity }) => (
        <li key={text}>
          <b>{quantity} ×</b> <bdi>{text}</bdi>
        </li>
      ))}
    </ul>
  </details>
);

const countIn = (status: OpenStatus): number =>
  ordersIn(status).length + (status === 'waiting' ? placing.value.length : 0);

/** On narrow screens, the choice of the column. */
export const Tabs = () => (
  <nav class="tabs">
    {openStatuses.map((status) => (
      <button
        type="button"
        key={status}
        class="quiet"
        aria-pressed={shownColumn.value === status}
        onClick={() => {
          shownColumn.value = status;
        }}
      >
        {words.value.columns[status]} <b>{countIn(status)}</b>
      </button>
    ))}
  </nav>
);

export const Column = ({ status }: { status: OpenStatus }) => (
  <section class={shownColumn.value === status ? 'column shown' : 'column'} aria-labelledby={status}>
    <h2 id={status} tabIndex={-1}>
      {words.value.columns[status]} <small>{countIn(status)}</small>
    </h2>
    {countIn(status) === 0 && <p class="faint">{words.value.empty[status]}</p>}
    <ul>
      {ordersIn(status).map(cardOf)}
      {status === 'waiting' &&
        placing.value.map(({ id, customerName, location, note, lines }) => (
          <li key={id} class="card">
            <header>
              <h3>
                <bdi>{customerName || words.value.newOrder}</bdi>
              </h3>
              <p class="age">{words.value.numberFollows}</p>
            </header>
            <OrderContent location={location} lines={lines} note={note || null} />
          </li>
        ))}
    </ul>
  </section>
);
