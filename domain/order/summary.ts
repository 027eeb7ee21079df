import { writeMoney } from '../money.ts';
import type { Line, Order, Placement } from './order.ts';

const named = ({ product, variation, quantity }: Line): string =>
  `${quantity} × ${product}${variation ? ` (${variation})` : ''}`;

/** An order in one line, for the Temporal Web UI: `#42 · 2 × Latte (Vanilla), 1 × Tea · $11.60`. No personal data. */
export function summary({ number, lines, total }: Placement): string {
  const shown = lines.slice(0, 4).map(named).join(', ');
  const more = lines.length > 4 ? ` and ${lines.length - 4} more` : '';
  return `#${number} · ${shown}${more} · ${writeMoney(total)}`;
}

/** What was ordered, as Markdown. */
export function details({ lines, location, note, total }: Placement): string {
  const rows = lines.map(
    (line) => `| ${escapeCell(named(line))} | ${writeMoney(line.unitPrice)} | ${writeMoney(line.total)} |`,
  );
  return [
    `**${location === 'in_house' ? 'In house' : 'Take away'}** · total **${writeMoney(total)}**`,
    '',
    '| line | each | total |',
    '|---|---|---|',
    ...rows,
    ...(note ? ['', `> ${note.replaceAll(/\s+/g, ' ')}`] : []),
  ].join('\n');
}

/** Where an order stands, as Markdown. */
export function currentDetails(order: Order): string {
  const { status, version, updatedAt, cancellation } = order;
  const why = cancellation?.reason ?? cancellation?.reasonCode;
  return `**${status}** · version ${version} · since ${updatedAt}${why ? ` · ${why}` : ''}`;
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|');
