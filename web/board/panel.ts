import { signal } from '@preact/signals';
import { readMenu } from '../menu/menu.ts';
import { type Draft, draft } from './draft.ts';
import { notify } from './notices.ts';
import { words } from './words.ts';

/** The dialog that is open over the board. */
type Panel = { kind: 'order'; id: string } | { kind: 'new order' } | { kind: 'sold out' } | { kind: 'last delivered' };

export const panel = signal<Panel | undefined>(undefined);

export function closePanel(): void {
  panel.value = undefined;
}

/** Opens a panel that shows the menu. */
export function openMenuPanel(kind: 'new order' | 'sold out'): void {
  panel.value = { kind };
  void readMenu();
}

/** Opens a counter order. The one that the barista was writing can be opened again from a notice. */
export function openDraft(opened: Draft): void {
  if (draft.value.lines.length > 0) notify(words.value.unfinishedOrder, { draft: draft.value });
  draft.value = opened;
  openMenuPanel('new order');
}
