import { computed, type ReadonlySignal, signal } from '@preact/signals';
import { getCatalog, type MenuItem } from '../client/index.ts';
import { outcomeOf } from '../requests/outcome.ts';

/** When the request for the present menu was sent, on the monotonic clock, in ms. */
let readAt = 0;

const read = signal<MenuItem[] | undefined>(undefined);

/** The products on sale; `undefined` until the first answer. */
export const menu: ReadonlySignal<MenuItem[] | undefined> = read;

/** Whether the last request had no answer. */
export const isMenuUnanswered = signal(false);

/** Reads the menu. The browser sends `If-None-Match`, so an unchanged menu is not sent again. @returns whether there was an answer */
export async function readMenu(): Promise<boolean> {
  const start = performance.now();
  const outcome = await outcomeOf(getCatalog());
  // A later request may have been answered first.
  if (outcome.kind === 'done' && start > readAt) {
    read.value = outcome.data.data;
    readAt = start;
  }
  isMenuUnanswered.value = outcome.kind !== 'done';
  return outcome.kind === 'done';
}

/** Products under one heading of the menu. */
interface Category {
  /** null: products without a category. */
  name: string | null;
  items: MenuItem[];
}

/** The menu by category. The first product of a category decides its place. */
export const categories: ReadonlySignal<Category[]> = computed(() => {
  const byName = Map.groupBy(menu.value ?? [], ({ category }) => category);
  return [...byName].map(([name, items]) => ({ name, items }));
});
