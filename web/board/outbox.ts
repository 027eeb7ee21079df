import { computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Cancellation, TargetStatus } from '../client/index.ts';
import { isOnline } from '../page/online.ts';
import type { Draft } from './draft.ts';
import { isStaff, session } from './session.ts';

/** A change that a barista has made. */
export type Change =
  | OrderChange
  | { kind: 'place'; draft: Draft }
  | { kind: 'availability'; item: Item; available: boolean };

/** A product, a variation of the product `parentId`, or an option of the group `parentId`. */
export type Item = { id: string; name: string } & (
  | { kind: 'product' }
  | { kind: 'variation' | 'option'; parentId: string }
);

/** A change of an order. `ifMatch` is the version that the barista saw. */
export type OrderChange = { orderId: string; number: number; ifMatch: number } & (
  | { kind: 'move'; status: TargetStatus }
  | { kind: 'cancel'; cancellation: Cancellation }
);

/** A change that the API has not answered yet. */
export interface Entry {
  /** The idempotency key. */
  id: string;
  change: Change;
  /** In ms since the epoch, and different for each entry. */
  madeAt: number;
  /** When the next attempt is due, in ms since the epoch. */
  sendAt: number;
  attempts: number;
  /** The user of the first attempt, to whom the idempotency key belongs. */
  userId?: string | undefined;
}

/** `retry`: the API has not decided. */
type Deliver = (entry: Entry) => Promise<'done' | 'refused' | 'retry'>;

/** How long a change of an order can be undone. The status machine does not take every status back. */
const UNDO_MS = 5_000;

/** The longest pause before the next attempt, in ms. */
const MAX_PAUSE_MS = 10_000;

/** Every entry has a key of its own in the storage, so that tabs cannot overwrite the entries of one another. */
const KEY = 'crema.board.change.';

const read = (): Entry[] =>
  Object.keys(localStorage)
    .filter((key) => key.startsWith(KEY))
    .flatMap((key): Entry[] => JSON.parse(`[${localStorage.getItem(key) ?? ''}]`))
    .sort((a, b) => a.madeAt - b.madeAt);

/** The changes that the API has not answered yet, the oldest first. */
export const entries = signal(read());

addEventListener('storage', ({ key }) => {
  if (key === null || key.startsWith(KEY)) entries.value = read();
});

function save(...changed: Entry[]): void {
  for (const entry of changed) localStorage.setItem(KEY + entry.id, JSON.stringify(entry));
  entries.value = read();
}

function remove(...settled: Entry[]): void {
  for (const { id } of settled) localStorage.removeItem(KEY + id);
  entries.value = read();
}

export const isAboutOrder = (change: Change): change is OrderChange => 'orderId' in change;

/** Returns what an entry changes. Its changes are sent one after the other. */
function subjectOf({ id, change }: Entry): string {
  if (isAboutOrder(change)) return change.orderId;
  return change.kind === 'availability' ? change.item.id : id;
}

const isLater = (entry: Entry, than: Entry) => entry.madeAt > than.madeAt && subjectOf(entry) === subjectOf(than);

/** The entries that wait for no other. */
const sendable = computed(() => entries.value.filter((entry) => !entries.value.some((other) => isLater(entry, other))));

/** The entries that can be undone: the newest of their subjects, if they were not sent. */
export const undoable = computed(() =>
  entries.value.filter(
    (entry) =>
      isAboutOrder(entry.change) && entry.attempts === 0 && !entries.value.some((other) => isLater(other, entry)),
  ),
);

/** Queues a change. An earlier change of the same order can no longer be undone. */
export function queue(change: Change): void {
  const now = Date.now();
  const entry: Entry = {
    id: crypto.randomUUID(),
    change,
    madeAt: Math.max(now, (entries.value.at(-1)?.madeAt ?? 0) + 1),
    sendAt: isAboutOrder(change) ? now + UNDO_MS : now,
    attempts: 0,
  };
  const earlier = entries.value.filter((other) => isLater(entry, other) && other.attempts === 0);
  save(...earlier.map((each) => ({ ...each, sendAt: now })), entry);
}

export function undo(id: string): void {
  const entry = undoable.value.find((each) => each.id === id);
  if (entry) remove(entry);
}

/**
 * Sends the queued changes when they are due, one at a time in all tabs, and again until the API has decided.
 *
 * @param isLive whether the API is known to be reachable. Browsers without a network also call themselves offline if it is local
 */
export function startSending(deliver: Deliver, isLive: ReadonlySignal<boolean>): void {
  const mayChange = () => session.state.value === 'signed in' && isStaff.value;
  const canSend = computed(() => mayChange() && (isOnline.value || isLive.value));

  async function attempt(entry: Entry): Promise<void> {
    const userId = entry.attempts > 0 ? entry.userId : session.account.value?.id;
    const sent = { ...entry, attempts: entry.attempts + 1, userId };
    save(sent);
    const outcome = await deliver(sent);
    // Another tab may have settled the entry of a page that the browser kept for the back button.
    if (localStorage.getItem(KEY + sent.id) === null) return;
    if (outcome === 'retry') {
      save({ ...sent, sendAt: Date.now() + Math.min(250 * 2 ** sent.attempts, MAX_PAUSE_MS) });
    } else if (outcome === 'done') {
      remove(sent);
    } else {
      // Later changes of the same order assume that this one was made.
      remove(sent, ...entries.value.filter((other) => isLater(other, sent)));
    }
  }

  const sendNext = () =>
    navigator.locks.request('crema.board.outbox', async () => {
      entries.value = read();
      const now = Date.now();
      // A time that is too far in the future was set before a change of the clock.
      const due = sendable.value.find(({ sendAt }) => sendAt <= now || sendAt > now + MAX_PAUSE_MS);
      if (due) await attempt(due);
    });

  effect(() => {
    if (!canSend.value || sendable.value.length === 0) return;
    const next = Math.min(...sendable.value.map(({ sendAt }) => sendAt));
    const timer = setTimeout(() => void sendNext(), Math.min(next - Date.now(), MAX_PAUSE_MS));
    return () => clearTimeout(timer);
  });

  const hurry = (some: Entry[]) => save(...some.map((entry) => ({ ...entry, sendAt: Date.now() })));
  addEventListener('online', () => hurry(entries.value.filter(({ attempts }) => attempts > 0)));
  addEventListener('keydown', (event) => {
    const last = undoable.value.at(-1);
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === 'z' && (event.ctrlKey || event.metaKey) && last && !isTyping) undo(last.id);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) hurry(undoable.value);
  });
  addEventListener('pagehide', () => {
    if (!canSend.value) return;
    // A page that ends cannot wait for the lock. A second request with the same key changes nothing.
    for (const entry of sendable.value.filter(({ attempts }) => attempts === 0)) void attempt(entry);
  });
}
