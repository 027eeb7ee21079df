import type { OrderInEvent, OrderStatus } from '../client/index.ts';
import { Heading } from '../page/heading.tsx';
import { Lines } from './lines.tsx';
import { writeMoney } from './money.ts';
import './order-progress.css';
import { words } from './words.ts';

const steps = ['waiting', 'preparation', 'ready', 'delivered'] as const satisfies OrderStatus[];

/** Returns what the customer reads about the order's status, as in the emails. */
function describeStatus({ status, location, cancellation }: OrderInEvent): { headline: string; text: string } {
  const { headlines, texts, ready, cancelled } = words.value;
  const isByCustomer = cancellation?.by.type === 'customer';
  if (status === 'cancelled')
    return cancelled(isByCustomer ? 'customer_request' : (cancellation?.reasonCode ?? 'other'));
  return { headline: headlines[status], text: status === 'ready' ? ready[location] : texts[status] };
}

/** The page of one order for its customer: number, progress, lines and total. */
export function OrderProgress({ order }: { order: OrderInEvent }) {
  const { headline, text } = describeStatus(order);
  const name = `${words.value.order} #${order.number}`;
  const { by, reason } = order.cancellation ?? {};
  return (
    <article class={`order ${order.status}`}>
      <p class="number">
        <span class="visually-hidden">{words.value.order} </span>#{order.number}
      </p>
      <div aria-live="polite">
        <Heading title={`${name}: ${words.value.statuses[order.status]}`}>{headline}</Heading>
        <p class="faint">{text}</p>
      </div>
      {reason && by?.type !== 'customer' && <Quote label={words.value.fromTheTeam} text={reason} />}
      {order.status !== 'cancelled' && <Steps status={order.status} />}
      <Receipt lines={order.lines} total={order.total} />
      <p class="faint">{words.value.location[order.location]}</p>
      {order.note && <Quote label={words.value.note} text={order.note} />}
    </article>
  );
}

const Quote = ({ label, text }: { label: string; text: string }) => (
  <div>
    <p class="faint">{label}</p>
    <q dir="auto">{text}</q>
  </div>
);

const Steps = ({ status }: { status: (typeof steps)[number] }) => (
  <ol class="steps" aria-label={words.value.steps}>
    {steps.map((step, index) => (
      <li key={step} class={index <= steps.indexOf(status) ? 'done' : ''} aria-current={step === status && 'step'}>
        {words.value.statuses[step]}
      </li>
    ))}
  </ol>
);

/** Lines with their prices, and the total. */
export const Receipt = ({ lines, total }: Pick<OrderInEvent, 'lines' | 'total'>) => (
  <div class="receipt">
    <Lines lines={lines} withPrices />
    <p class="total">
      {words.value.total} <span>{writeMoney(total)}</span>
    </p>
  </div>
);
