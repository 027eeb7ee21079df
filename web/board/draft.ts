import { type BasketContent, createBasket, emptyBasket } from '../basket/basket.ts';
import type { OrderRequest } from '../client/index.ts';
import { requestOf, totalOf } from '../menu/line-draft.ts';

/** A counter order that is not placed yet. */
export interface Draft extends BasketContent {
  customerName: string;
  /** Why the API has refused it. */
  refusal?: string;
}

export const emptyDraft: Draft = { ...emptyBasket, customerName: '' };

/** The order that the barista writes. It survives a reload. */
export const draft = createBasket('crema.board.draft', emptyDraft);

/** Returns the order as `POST /v1/orders` takes it. Another total is refused, because the customer has seen this one. */
export const requestOfDraft = ({ lines, customerName, location, note }: Draft): OrderRequest => ({
  lines: lines.map(requestOf),
  location,
  ...(customerName.trim() && { customerName: customerName.trim() }),
  ...(note.trim() && { note: note.trim() }),
  expectedTotal: totalOf(lines),
});
