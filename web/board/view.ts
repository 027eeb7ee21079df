import { effect, signal, untracked } from '@preact/signals';
import { getOrder } from '../client/index.ts';
import type { OpenStatus } from '../orders/status.ts';
import { outcomeOf } from '../requests/outcome.ts';
import { notify } from './notices.ts';
import { findOrder, isLoaded } from './orders.ts';
import { words } from './words.ts';

/** The column that narrow screens show. */
export const shownColumn = signal<OpenStatus>('waiting');

/** The id of the order in the page's fragment, to which emails link. */
export const linkedOrder = signal('');

export function readFragment(): void {
  linkedOrder.value = location.hash.slice(1);
}

addEventListener('hashchange', readFragment);

effect(() => {
  const id = linkedOrder.value;
  if (isLoaded.value && id) untracked(() => void showOrder(id));
});

async function showOrder(id: string): Promise<void> {
  const order = findOrder(id);
  if (order) {
    shownColumn.value = order.status;
    requestAnimationFrame(() => {
      const card = document.getElementById(id);
      card?.scrollIntoView({ block: 'center' });
      card?.focus({ preventScroll: true });
    });
    return;
  }
  // A reload must not say it again.
  history.replaceState(null, '', location.pathname);
  const outcome = await outcomeOf(getOrder({ path: { id } }));
  if (outcome.kind === 'done') notify(words.value.notOpen(outcome.data.number, outcome.data.status));
  if (outcome.kind === 'refused') notify(words.value.noSuchOrder);
}
