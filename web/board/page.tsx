import { computed, effect, untracked } from '@preact/signals';
import { Lines } from '../orders/lines.tsx';
import { openStatuses } from '../orders/status.ts';
import { Brand } from '../page/brand.tsx';
import { Heading } from '../page/heading.tsx';
import { locale } from '../page/language.ts';
import { reloadIfNewer } from '../page/reload-if-newer.ts';
import { showPage } from '../page/show-page.tsx';
import './board.css';
import { Column, Tabs, ToMake } from './columns.tsx';
import { Dialog } from './dialog.tsx';
import { Header, Notices, Undo } from './header.tsx';
import { NewOrderPanel } from './new-order-panel.tsx';
import { OrderPanel } from './order-panel.tsx';
import { connection, followOrders, isLoaded, lastDelivered } from './orders.ts';
import { entries, startSending } from './outbox.ts';
import { panel } from './panel.ts';
import { send } from './sending.ts';
import { isStaff, session } from './session.ts';
import { SoldOutPanel } from './sold-out-panel.tsx';
import { readFragment } from './view.ts';
import { words } from './words.ts';

function Panel() {
  switch (panel.value?.kind) {
    case 'order':
      return <OrderPanel key={panel.value.id} id={panel.value.id} />;
    case 'new order':
      return <NewOrderPanel />;
    case 'sold out':
      return <SoldOutPanel />;
    case 'last delivered':
      return <LastDelivered />;
    default:
      return null;
  }
}

function LastDelivered() {
  const time = new Intl.DateTimeFormat(locale.value, { timeStyle: 'short' });
  return (
    <Dialog title={words.value.lastDelivered}>
      {lastDelivered.value.length === 0 && <p class="faint">{words.value.noneDelivered}</p>}
      {lastDelivered.value.map(({ id, number, customer, lines, updatedAt }) => (
        <article key={id}>
          <header>
            <h3>
              #{number} <bdi>{customer.name}</bdi>
            </h3>
            <time dateTime={updatedAt}>{time.format(new Date(updatedAt))}</time>
          </header>
          <Lines lines={lines} />
        </article>
      ))}
    </Dialog>
  );
}

const Board = () => (
  <>
    <Header />
    <main class="board">
      <Heading class="visually-hidden">{words.value.title}</Heading>
      <Notices />
      {isLoaded.value ? (
        <>
          <ToMake />
          <Tabs />
          <div class="columns">
            {openStatuses.map((status) => (
              <Column key={status} status={status} />
            ))}
          </div>
        </>
      ) : (
        <p class="faint">{words.value.loading}</p>
      )}
    </main>
    <Undo />
    <Panel />
  </>
);

/** The page for visitors who may not see the orders. */
function Closed() {
  const { account, state } = session;
  const isOther = state.value === 'signed in';
  return (
    <main class="closed">
      <Brand />
      <Heading>{words.value.title}</Heading>
      <p>{account.value && isOther ? words.value.notStaff(account.value.name) : words.value.signedOut}</p>
      {entries.value.length > 0 && <p class="fault">{words.value.queued(entries.value.length)}</p>}
      <button type="button" onClick={() => void session.signIn({ again: isOther })}>
        {isOther ? words.value.signInAsOther : words.value.signIn}
      </button>
    </main>
  );
}

/** An expired sign-in closes no board, because its changes wait for the next one. */
const mayWork = computed(() => session.state.value !== 'signed out' && isStaff.value);

await session.completeSignIn();
readFragment();
startSending(
  send,
  computed(() => connection.value === 'live'),
);
effect(() => (mayWork.value ? untracked(followOrders) : undefined));
reloadIfNewer(() => entries.value.length === 0 && !panel.value);
showPage(() => (mayWork.value ? <Board /> : <Closed />));
