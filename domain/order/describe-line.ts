import { isolate } from '../text.ts';
import type { Line, LineOption } from './order.ts';

/** Returns a line as text: `2 × Latte (Vanilla, Oat, 2 × Extra shot)`. */
export function describeLine({
  product,
  variation,
  quantity,
  options = [],
}: Pick<Line, 'product' | 'variation' | 'quantity' | 'options'>): string {
  const choices = [...(variation ? [isolate(variation)] : []), ...options.map(describeOption)];
  return `${quantity} × ${isolate(product)}${choices.length > 0 ? ` (${choices.join(', ')})` : ''}`;
}

/** Returns an option as text: `Oat` or `2 × Extra shot`. */
export const describeOption = ({ name, quantity }: Pick<LineOption, 'name' | 'quantity'>): string =>
  quantity > 1 ? `${quantity} × ${isolate(name)}` : isolate(name);
