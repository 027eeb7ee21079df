import { computed, effect, type ReadonlySignal } from '@preact/signals';
import type { Cancellation, OrderStatus, TargetStatus } from '../client/index.ts';
import { isOnline } from '../page/online.ts';
import { storedList } from '../page/stored-list.ts';
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
  madeAt: number;
  /** When the next attempt is due, in ms since the epoch. */
  sendAt: number;
  attempts: number;
  /** The user of the first attempt, to whom the idempotency key belongs. */
  userId?: string | undefined;
}

/** `retry`: the API has not decided. */
type Send = (entry: Entry) => Promise<'done' | 'refused' | 'retry'>;

/** How long a change of an order can be undone. The status machine does not take every status back. */
const UNDO_MS = 5_000;

/** The longest pause before the next attempt, in ms. */
const MAX_PAUSE_MS = 10_000;

/** The changes that the API has not answered yet, the oldest first. */
export const entries = storedList<Entry>('crema.board.change.');

export const isAboutOrder = (change: Change): change is OrderChange => 'orderId' in change;

/** Returns the status to which a change leads. */
export const statusAfter = (change: OrderChange): OrderStatus => (change.kind === 'move' ? change.status : 'cancelled');

/** Returns what an entry changes. Its changes are sent one after the other. */
function subjectOf({ id, change }: Pick<Entry, 'id' | 'change'>): string {
  if (isAboutOrder(change)) return change.orderId;
  return change.kind === 'availability' ? change.item.id : id;
}

const isLater = (entry: Entry, than: Entry) => entry.madeAt > than.madeAt && subjectOf(entry) === subjectOf(than);

/** Returns the later changes of the same order, which assume that this one is made. */
export const dependentsOf = (entry: Entry): Entry[] =>
  isAboutOrder(entry.change) ? entries.value.filter((other) => isLater(other, entry)) : [];

/** The entries without an earlier entry for the same order or item. */
const sendable = computed(() => entries.value.filter((entry) => !entries.value.some((other) => isLater(entry, other))));

/** The entries that can be undone: the newest of their subjects, if they were not sent. */
export const undoable = computed(() =>
  entries.value.filter(
    (entry) =>
      isAboutOrder(entry.change) && entry.attempts === 0 && !entries.value.some((other) => isLater(other, entry)),
  ),
);

/** Makes entries due now. Another tab may have settled some of them. */
function makeDue(isMeant: (entry: Entry) => boolean): void {
  entries.reread();
  const sendAt = Date.now();
  entries.put(...entries.value.filter(isMeant).map((entry) => ({ ...entry, sendAt })));
}

/** Queues a change. An earlier change of the same order can no longer be undone. */
export function queue(change: Change): void {
  const sendAt = Date.now() + (isAboutOrder(change) ? UNDO_MS : 0);
  const entry = { id: crypto.randomUUID(), change, sendAt, attempts: 0 };
  makeDue((other) => other.attempts === 0 && subjectOf(other) === subjectOf(entry));
  entries.add(entry);
}

export function undo(id: string): void {
  entries.reread();
  if (undoable.value.some((entry) => entry.id === id)) entries.remove(id);
}

/**
 * Sends the queued changes when they are due, one at a time in all tabs, and again until the API has decided.
 *
 * @param isLive whether the API is known to be reachable. `navigator.onLine` is false without a network, even if the API runs on this
 *   machine
 */
export function startSending(send: Send, isLive: ReadonlySignal<boolean>): void {
  const mayChange = () => session.state.value === 'signed in' && isStaff.value;
  const canSend = computed(() => mayChange() && (isOnline.value || isLive.value));

  async function attempt(entry: Entry): Promise<void> {
    const userId = entry.attempts > 0 ? entry.userId : session.account.value?.id;
    const sent = { ...entry, attempts: entry.attempts + 1, userId };
    entries.put(sent);
    const outcome = await send(sent);
    // Another tab may have settled the entry of a page that the browser kept for the back button.
    if (!entries.has(sent.id)) return;
    if (outcome === 'retry') {
      entries.put({ ...sent, sendAt: Date.now() + Math.min(250 * 2 ** sent.attempts, MAX_PAUSE_MS) });
    } else {
      const dropped = outcome === 'refused' ? dependentsOf(sent) : [];
      entries.remove(...[sent, ...dropped].map(({ id }) => id));
    }
  }

  const sendNext = () =>
    navigator.locks.request('crema.board.outbox', async () => {
      entries.reread();
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

  addEventListener('online', () => makeDue(({ attempts }) => attempts > 0));
  addEventListener('keydown', (event) => {
    const last = undoable.value.at(-1);
    const isTyping = event.target instanceof Element && event.target.matches('input, textarea');
    if (event.key === 'z' && (event.ctrlKey || event.metaKey) && last && !isTyping) undo(last.id);
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) makeDue((entry) => undoable.value.includes(entry));
  });
  addEventListener('pagehide', () => {
    if (!canSend.value) return;
    entries.reread();
    // A page that ends cannot wait for the lock. A second request with the same key changes nothing.
    for (const entry of sendable.value.filter(({ attempts }) => attempts === 0)) void attempt(entry);
  });
}
