import { isolate } from '../text.ts';
import type { Line } from './order.ts';

/** What a line sells, for a sentence or a list: `Latte (Vanilla)`. */
export const nameOfLine = ({ product, variation }: Pick<Line, 'product' | 'variation'>): string =>
  variation ? `${isolate(product)} (${isolate(variation)})` : isolate(product);

/** A line with its quantity: `2 × Latte (Vanilla)`. */
export const describeLine = (line: Pick<Line, 'product' | 'variation' | 'quantity'>): string =>
  `${line.quantity} × ${nameOfLine(line)}`;
