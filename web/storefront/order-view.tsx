import { type Signal, useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { cancelOrder, type OrderInEvent } from '../client/index.ts';
import { OrderProgress } from '../orders/order-progress.tsx';
import { isOpen, stepsFrom } from '../orders/status.ts';
import { Heading } from '../page/heading.tsx';
import { explain } from '../requests/explain.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { type Connection, follow, orderIn } from '../streams/follow.ts';
import { words } from './words.ts';

const mayCancel = ({ status }: OrderInEvent): boolean => isOpen(status) && stepsFrom[status].mayCancel;

interface CancelProps {
  order: OrderInEvent;
  onCancelled(order: OrderInEvent): void;
}

/** Cancels the order after a second touch, and explains a refusal. */
function Cancel({ order, onCancelled }: CancelProps) {
  const key = useSignal(crypto.randomUUID());
  const fault = useSignal('');
  async function cancel(): Promise<void> {
    const headers = { 'Idempotency-Key': key.value };
    const body = { reasonCode: 'customer_request' } as const;
    const outcome = await outcomeOf(cancelOrder({ path: { id: order.id }, body, headers }));
    if (outcome.kind === 'done') onCancelled(outcome.data);
    else if (outcome.kind === 'retry') fault.value = words.value.noAnswer;
    else if (outcome.problem.currentStatus !== 'cancelled')
      fault.value =
        outcome.problem.code === 'illegal_transition' ? words.value.tooLate : explain.value(outcome.problem);
  }
  if (order.status === 'cancelled') return null;
  return (
    <>
      {fault.value && (
        <p class="fault" role="alert">
          {fault.value}
        </p>
      )}
      {mayCancel(order) && (
        <details>
          <summary>{words.value.cancel}</summary>
          <div class="row">
            {words.value.cancelAbout}
            <button type="button" onClick={cancel}>
              {words.value.cancelNow}
            </button>
          </div>
        </details>
      )}
    </>
  );
}

/** Follows an order while it is shown. `order` is null if the user has no such order. */
function useOrder(id: string) {
  const order = useSignal<OrderInEvent | null | undefined>(undefined);
  const connection = useSignal<Signal<Connection> | undefined>(undefined);
  function update(next: OrderInEvent | undefined): void {
    if (next && next.version >= (order.value?.version ?? 0)) order.value = next;
  }
  useEffect(() => {
    const following = follow({
      url: `/v1/orders/${id}/events`,
      onEvent: (event) => update(orderIn(event)),
      onRefused(status) {
        if (status !== 404 && status !== 400) return;
        order.value = null;
        following.stop();
      },
    });
    connection.value = following.connection;
    return following.stop;
  }, [id]);
  return { order: order.value, isLost: connection.value?.value === 'lost', update };
}

/** The live status of an order. */
export function OrderView({ id }: { id: string }) {
  const { order, isLost, update } = useOrder(id);
  if (order === null) return <Heading>{words.value.noOrder}</Heading>;
  if (!order) return <Heading key="loading">{isLost ? words.value.reconnecting : words.value.loading}</Heading>;
  return (
    <>
      <OrderProgress order={order} />
      {isOpen(order.status) && (
        <p class={isLost ? 'connection lost' : 'connection'} role="status">
          {isLost ? words.value.reconnecting : words.value.live}
        </p>
      )}
      <Cancel order={order} onCancelled={update} />
    </>
  );
}
