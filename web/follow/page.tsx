import { signal } from '@preact/signals';
import { buyStreamTicket, type OrderInEvent } from '../client/index.ts';
import { OrderProgress } from '../orders/order-progress.tsx';
import { Brand } from '../page/brand.tsx';
import { Heading } from '../page/heading.tsx';
import { showPage } from '../page/show-page.tsx';
import { outcomeOf } from '../requests/outcome.ts';
import { follow, orderIn } from '../streams/follow.ts';
import './follow.css';
import { words } from './words.ts';

const [, , orderId = ''] = location.pathname.split('/');
const order = signal<OrderInEvent | null>(null);
const isGone = signal(false);

/** Exchanges the token of the link for a ticket, which opens the stream once. */
async function ticketOf(signal: AbortSignal): Promise<{ ticket: string } | undefined> {
  const body = { orderId, followToken: location.hash.slice(1) };
  const outcome = await outcomeOf(buyStreamTicket({ body, signal }));
  if (outcome.kind === 'refused') {
    isGone.value = true;
    following.stop();
  }
  return outcome.kind === 'done' ? { ticket: outcome.data.ticket } : undefined;
}

const following = follow({
  url: `/v1/orders/${orderId}/events`,
  query: ticketOf,
  onEvent(event) {
    order.value = orderIn(event) ?? order.value;
  },
});

const Follow = () => (
  <main class="follow">
    <Brand />
    {following.connection.value === 'lost' && !isGone.value && (
      <p class="fault" role="status">
        {words.value.lost}
      </p>
    )}
    <Content />
  </main>
);

function Content() {
  const { title, gone, loading } = words.value;
  // An order that was shown stays visible.
  if (order.value) return <OrderProgress order={order.value} />;
  if (!isGone.value) return <p class="faint">{loading}</p>;
  return (
    <>
      <Heading title={title}>{gone.title}</Heading>
      <p class="faint">{gone.text}</p>
    </>
  );
}

addEventListener('hashchange', () => location.reload());
showPage(Follow);
