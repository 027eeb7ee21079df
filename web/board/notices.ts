import { storedSignal } from '../page/stored-signal.ts';
import type { Draft } from './draft.ts';

/** A message that stays until it is dismissed, also after a reload. */
interface Notice {
  id: string;
  text: string;
  /** The counter order that was refused. */
  draft?: Draft;
  /** The order whose code can be shown. */
  orderId?: string;
}

const MAX_NOTICES = 20;

export const notices = storedSignal<Notice[]>('crema.board.notices', []);

export function notify(text: string, more: Pick<Notice, 'draft' | 'orderId'> = {}): void {
  notices.value = [...notices.value, { id: crypto.randomUUID(), text, ...more }].slice(-MAX_NOTICES);
}

export function dismiss(id: string): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}
