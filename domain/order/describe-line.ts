import { isolate } from '../text.ts';
import type { Line } from './order.ts';

/** Returns a line as text: `2 × Latte (Vanilla)`. */
export const describeLine = ({
  product,
  variation,
  quantity,
}: Pick<Line, 'product' | 'variation' | 'quantity'>): string =>
  `${quantity} × ${isolate(product)}${variation ? ` (${isolate(variation)})` : ''}`;
