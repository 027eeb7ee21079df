import { computed, effect, signal } from '@preact/signals';
import type { OrderInEvent } from '../client/index.ts';
import { followOpenOrders, type OpenOrders } from '../orders/open-orders.ts';
import { Brand } from '../page/brand.tsx';
import { Heading } from '../page/heading.tsx';
import { locale } from '../page/language.ts';
import { reloadIfNewer } from '../page/reload-if-newer.ts';
import { showPage } from '../page/show-page.tsx';
import { storedSignal } from '../page/stored-signal.ts';
import { createSession } from '../session/session.ts';
import type { StreamEvent } from '../streams/follow.ts';
import './display.css';
import { Start } from './start.tsx';
import { words } from './words.ts';

const session = createSession({ clientId: 'crema-display', scope: 'orders:read' });
const open = signal<OpenOrders | null>(null);
const isSpoken = storedSignal('crema.display.spoken', false);

function say(text: string): void {
  const utterance = new SpeechSynthesisUtterance(text);
  utterance.lang = locale.value;
  speechSynthesis.speak(utterance);
}

/** Speaks the number of an order that has just become ready. */
function announce(event: StreamEvent): void {
  if (event.type !== 'order.status_changed' || event.data.data.to !== 'ready' || !isSpoken.value) return;
  const { id, number } = event.data.data.order;
  say(words.value.spoken(number, open.value?.names.value.get(id) ?? null));
}

/** Keeps the screen on while the page is visible. Browsers without this function ignore it. */
async function keepScreenOn(): Promise<void> {
  if (document.visibilityState === 'visible') await navigator.wakeLock?.request('screen').catch(() => {});
}

const inStatus = (status: OrderInEvent['status']) =>
  computed(() => [...(open.value?.orders.value.values() ?? [])].filter((order) => order.status === status));
const inPreparation = inStatus('preparation');
const isReady = inStatus('ready');
const ready = computed(() => isReady.value.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt)));

/** The numbers get smaller with their count, so that all of them fit on the screen. */
const sizeOf = (count: number): string => (count <= 6 ? '' : count <= 16 ? 'many' : 'crowded');

const Numbers = ({ orders }: { orders: OrderInEvent[] }) => (
  <ul class={sizeOf(orders.length)}>
    {orders.map(({ id, number }) => (
      <li key={id}>
        <strong>{number}</strong>
        <bdi>{open.value?.names.value.get(id)}</bdi>
      </li>
    ))}
  </ul>
);

const Display = () => (
  <div class="display">
    <header>
      <Brand />
      {open.value?.connection.value === 'lost' && (
        <p class="lost" role="status">
          {words.value.lost}
        </p>
      )}
      <button
        type="button"
        class="quiet"
        aria-pressed={isSpoken.value}
        onClick={() => {
          isSpoken.value = !isSpoken.value;
          if (isSpoken.value) say(words.value.speaking);
        }}
      >
        {words.value.speak}
      </button>
    </header>
    <main>
      <Heading class="visually-hidden">{words.value.title}</Heading>
      <section class="preparation">
        <h2>{words.value.preparation}</h2>
        <Numbers orders={inPreparation.value} />
      </section>
      <section class="ready" aria-live="polite">
        <h2>{words.value.ready}</h2>
        <Numbers orders={ready.value} />
        {ready.value.length === 0 && <p>{words.value.nothingReady}</p>}
      </section>
    </main>
  </div>
);

await session.completeSignIn();
effect(() => {
  // The browser keeps a session that serves the display only, so this needs no touch.
  if (session.state.value === 'expired') void session.signIn();
  if (session.state.value === 'signed in') open.value ??= followOpenOrders({ onEvent: announce });
});
document.addEventListener('visibilitychange', keepScreenOn);
void keepScreenOn();
reloadIfNewer();
showPage(() => (session.state.value === 'signed out' ? <Start session={session} /> : <Display />));
