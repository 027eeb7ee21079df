import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { encode } from 'uqr';
import { type CancellationReason, getFollowLink } from '../client/index.ts';
import { writeMoney } from '../orders/money.ts';
import { stepsFrom } from '../orders/status.ts';
import { words as orderWords } from '../orders/words.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { OrderContent } from './card.tsx';
import { Dialog } from './dialog.tsx';
import { connection, findOrder, nameOf } from './orders.ts';
import { queue } from './outbox.ts';
import { closePanel } from './panel.ts';
import { words } from './words.ts';

/** An order with what is seldom needed: its code, and its cancellation. */
export function OrderPanel({ id }: { id: string }) {
  const order = findOrder(id);
  // A new order may not have arrived yet.
  const wasShown = useRef(false);
  wasShown.current ||= order !== undefined;
  useEffect(() => {
    if (!order && wasShown.current) closePanel();
  });
  if (!order) return null;
  return (
    <Dialog title={`#${order.number} ${nameOf(id) ?? ''}`}>
      <OrderContent {...order} />
      <p>
        {orderWords.value.total} <strong>{writeMoney(order.total)}</strong>
      </p>
      {order.channel === 'counter' && <FollowCode id={id} />}
      {stepsFrom[order.status].mayCancel && (
        <details>
          <summary>{words.value.cancelTitle}</summary>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              const { reasonCode, reason } = Object.fromEntries(new FormData(event.currentTarget)) as Record<
                string,
                string
              >;
              const cancellation = {
                reasonCode: reasonCode as CancellationReason,
                ...(reason?.trim() && { reason: reason.trim() }),
              };
              queue({ kind: 'cancel', orderId: id, number: order.number, ifMatch: order.version, cancellation });
              closePanel();
            }}
          >
            <label>
              {words.value.reason}
              <select name="reasonCode">
                {Object.entries(words.value.reasons).map(([code, text]) => (
                  <option key={code} value={code}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {words.value.reasonText}
              <input name="reason" maxLength={500} dir="auto" autocomplete="off" />
            </label>
            <button type="submit" class="quiet">
              {words.value.cancelOrder}
            </button>
          </form>
        </details>
      )}
    </Dialog>
  );
}

/** The link with which the customer follows a counter order, as a QR code. */
function FollowCode({ id }: { id: string }) {
  const url = useSignal<string | undefined>(undefined);
  useEffect(() => {
    void outcomeOf(getFollowLink({ path: { id } })).then((outcome) => {
      if (outcome.kind === 'done') url.value = outcome.data.url;
    });
  }, [id, connection.value]);
  if (!url.value) return <p class="faint">{words.value.noLink}</p>;
  const { data, size } = encode(url.value, { border: 4 });
  const modules = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : ''))).join('');
  return (
    <figure>
      {/* Dark on light in every colour scheme, because some scanners read no inverted codes. */}
      <svg class="code" role="img" aria-label={words.value.follow} viewBox={`0 0 ${size} ${size}`}>
        <rect width={size} height={size} fill="#fff" />
        <path d={modules} fill="#000" shape-rendering="crispEdges" />
      </svg>
      <figcaption>{words.value.followHint}</figcaption>
    </figure>
  );
}
