import { computed, effect, signal } from '@preact/signals';
import type { OrderInEvent } from '../client/index.ts';
import { followOpenOrders, type OpenOrders } from '../orders/open-orders.ts';
import { Brand } from '../page/brand.tsx';
import { Heading } from '../page/heading.tsx';
import { locale } from '../page/language.ts';
import { untilOnline } from '../page/online.ts';
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

/** Returns the name for a public screen. The names of accounts, which were given for another purpose, are shortened. */
function publicName({ id, channel }: OrderInEvent): string | null {
  const name = open.value?.names.value.get(id) ?? null;
  if (channel === 'counter' || !name) return name;
  const [first, ...others] = name.split(/\s+/);
  return [first, ...others.slice(-1).map(([initial]) => `${initial}.`)].join(' ');
}

/** The time until the number of a ready order is spoken, in ms. */
const SPEAK_AFTER_MS = 1_000;

/** Speaks the number of an order that has become ready, unless a later event of the same catch-up has changed it again. */
function announce(event: StreamEvent): void {
  if (event.type !== 'order.status_changed' || event.data.data.to !== 'ready') return;
  const { order } = event.data.data;
  setTimeout(() => {
    if (!isSpoken.value || open.value?.orders.value.get(order.id)?.status !== 'ready') return;
    say(words.value.spoken(order.number, publicName(order)));
  }, SPEAK_AFTER_MS);
}

/** The first and the longest pause before a sign-in without a touch, in ms. */
const PAUSE_MS = { first: 1_000, longest: 60_000 };

/** The timeout of the health check, in ms. */
const HEALTH_TIMEOUT_MS = 20_000;

/** When this page last left for the sign-in page, in ms since the epoch. */
const LAST_SIGN_IN = 'crema.display.last-sign-in';

/**
 * Signs in again, which needs no touch, because the browser keeps a session that serves the display only. Waits until the API is
 * ready, because an error page would stay. Pauses first if a sign-in has just failed.
 */
async function signInAgain(): Promise<void> {
  const hasFailed = Date.now() - Number(sessionStorage.getItem(LAST_SIGN_IN)) < PAUSE_MS.longest;
  let pause = hasFailed ? PAUSE_MS.longest : 0;
  let health: Response | undefined;
  do {
    await untilOnline(pause);
    pause = Math.min(2 * pause + PAUSE_MS.first, PAUSE_MS.longest);
    health = await fetch('/health/ready', { signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) }).catch(() => undefined);
  } while (!health || health.status >= 500);
  sessionStorage.setItem(LAST_SIGN_IN, String(Date.now()));
  if (session.state.value === 'expired') await session.signIn();
}

/** Keeps the screen on while the page is visible. Browsers without this function ignore it. */
async function keepScreenOn(): Promise<void> {
  if (document.visibilityState === 'visible') await navigator.wakeLock?.request('screen').catch(() => {});
}

const inStatus = (status: OrderInEvent['status']) =>
  computed(() => [...(open.value?.orders.value.values() ?? [])].filter((order) => order.status === status));
const inPreparation = inStatus('preparation');
const inReady = inStatus('ready');
const readyOrders = computed(() => inReady.value.toSorted((a, b) => b.updatedAt.localeCompare(a.updatedAt)));
const isLost = computed(() => session.state.value === 'expired' || open.value?.connection.value === 'lost');

/** The numbers get smaller with their count, so that all of them fit on the screen. */
const Numbers = ({ orders }: { orders: OrderInEvent[] }) => (
  <ul style={{ '--columns': Math.ceil(Math.sqrt(0.7 * orders.length)) }}>
    {orders.map((order) => (
      <li key={order.id}>
        <strong>{order.number}</strong>
        <bdi>{publicName(order)}</bdi>
      </li>
    ))}
  </ul>
);

const Display = () => (
  <div class="display">
    <header>
      <Brand />
      {isLost.value && (
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
        {readyOrders.value.length > 0 ? <Numbers orders={readyOrders.value} /> : <p>{words.value.nothingReady}</p>}
      </section>
    </main>
  </div>
);

await session.completeSignIn();
effect(() => {
  if (session.state.value === 'expired') void signInAgain();
  if (session.state.value === 'signed in') open.value ??= followOpenOrders({ onEvent: announce });
});
document.addEventListener('visibilitychange', keepScreenOn);
void keepScreenOn();
reloadIfNewer();
showPage(() => (session.state.value === 'signed out' ? <Start session={session} /> : <Display />));
