import type { OrderLine } from '../client/index.ts';
import { writeMoney } from './money.ts';

/** Returns the options of a line as one text: `Oat, 2 × Extra shot`. */
export const describeOptions = ({ options }: Pick<OrderLine, 'options'>): string =>
  options.map(({ name, quantity }) => (quantity > 1 ? `${quantity} × ${name}` : name)).join(', ');

/** The lines of an order, with options and notes. */
export const Lines = ({ lines, withPrices = false }: { lines: OrderLine[]; withPrices?: boolean }) => (
  <ul class="lines">
    {lines.map((line) => (
      <li key={line.id}>
        <span class="quantity">{line.quantity} ×</span>
        <div>
          <bdi>{line.product}</bdi>
          {line.variation && <bdi class="variation"> {line.variation}</bdi>}
          {line.options.length > 0 && <p class="options">{describeOptions(line)}</p>}
          {line.note && (
            <p class="note" dir="auto">
              “{line.note}”
            </p>
          )}
        </div>
        {withPrices && <span class="price">{writeMoney(line.total)}</span>}
      </li>
    ))}
  </ul>
);
