import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { listOrders, type Order } from '../client/index.ts';
import { Lines } from '../orders/lines.tsx';
import { writeMoney } from '../orders/money.ts';
import { words as orderWords } from '../orders/words.ts';
import { Heading } from '../page/heading.tsx';
import { locale } from '../page/language.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { basket } from './basket.ts';
import { words } from './words.ts';

const PAGE_SIZE = 10;

const writeTime = (time: string): string =>
  new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(time));

function orderAgain({ lines }: Order): void {
  basket.add(lines);
  location.hash = '#basket';
}

const PastOrder = ({ order }: { order: Order }) => (
  <li>
    <p class="row apart">
      <a href={`#order/${order.id}`}>{`${orderWords.value.order} #${order.number}`}</a>
      {writeMoney(order.total)}
    </p>
    <p class="faint">{`${writeTime(order.placedAt)} · ${orderWords.value.statuses[order.status]}`}</p>
    <Lines lines={order.lines} />
    <div>
      <button type="button" class="quiet" onClick={() => orderAgain(order)}>
        {words.value.again} <span class="visually-hidden">#{order.number}</span>
      </button>
    </div>
  </li>
);

/** The orders of the signed-in customer, the newest first. */
export function OrdersView() {
  const orders = useSignal<Order[]>([]);
  /** The cursor of the next page; `undefined` before the first one; null after the last one. */
  const next = useSignal<string | null | undefined>(undefined);
  const isUnanswered = useSignal(false);
  const isReading = useSignal(false);
  async function readMore(): Promise<void> {
    const query = { limit: PAGE_SIZE, ...(next.value && { cursor: next.value }) };
    isReading.value = true;
    const outcome = await outcomeOf(listOrders({ query }));
    isReading.value = false;
    isUnanswered.value = outcome.kind !== 'done';
    if (outcome.kind !== 'done') return;
    orders.value = [...orders.value, ...outcome.data.data];
    next.value = outcome.data.nextCursor;
  }
  useEffect(() => void readMore(), []);
  return (
    <>
      <Heading>{words.value.orders}</Heading>
      <ul class="basket">
        {orders.value.map((order) => (
          <PastOrder key={order.id} order={order} />
        ))}
      </ul>
      <p role="status">
        {isUnanswered.value && words.value.noAnswer}
        {next.value === null && orders.value.length === 0 && words.value.noOrders}
      </p>
      {(next.value || isUnanswered.value) && (
        <button type="button" class="quiet" disabled={isReading.value} onClick={readMore}>
          {isUnanswered.value ? words.value.tryAgain : words.value.moreOrders}
        </button>
      )}
    </>
  );
}
