import { storedList } from '../page/stored-list.ts';
import type { Draft } from './draft.ts';

/** A message that stays until it is dismissed, also after a reload. */
interface Notice {
  id: string;
  madeAt: number;
  text: string;
  /** The counter order that was refused. */
  draft?: Draft;
  /** The order whose code can be shown. */
  orderId?: string;
}

export const notices = storedList<Notice>('crema.board.notice.');

/** Adds a notice. @param more with the `id` of its cause, if several tabs can receive it */
export const notify = (text: string, more: Partial<Notice> = {}): void =>
  notices.add({ id: crypto.randomUUID(), text, ...more });
