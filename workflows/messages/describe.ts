import { writeMoney } from '../../domain/money.ts';
import type { Line, Order, Placement } from '../../domain/order/order.ts';

// Temporal's limits (`limit.userMetadata…Size`) are 400 bytes for a summary and 20,000 for details. Server 1.29 does not
// enforce them yet; one that does would refuse the whole order.
const SHOWN_BYTES = 300;
const ROW_BYTES = 250;

const named = ({ product, variation, quantity }: Line): string =>
  `${quantity} × ${product}${variation ? ` (${variation})` : ''}`;

/** An order in one line, for the Temporal Web UI: `#42 · 2 × Latte (Vanilla), 1 × Tea · $11.60`. No personal data. */
export function summary({ number, lines, total }: Placement): string {
  const shown = lines.slice(0, 4).map(named).join(', ');
  const more = lines.length > 4 ? ` and ${lines.length - 4} more` : '';
  return `#${number} · ${cut(shown, SHOWN_BYTES)}${more} · ${writeMoney(total)}`;
}

/** What was ordered, as Markdown. */
export function details({
  lines,
  location,
  note,
  total,
}: Pick<Order, 'lines' | 'location' | 'note' | 'total'>): string {
  const rows = lines.map(
    (line) => `| ${cut(plain(named(line)), ROW_BYTES)} | ${writeMoney(line.unitPrice)} | ${writeMoney(line.total)} |`,
  );
  return [
    `**${location === 'in_house' ? 'In house' : 'Take away'}** · total **${writeMoney(total)}**`,
    '',
    '| line | each | total |',
    '|---|---|---|',
    ...rows,
    ...(note ? ['', `> ${plain(note)}`] : []),
  ].join('\n');
}

/** Where an order stands, and what it is by now, as Markdown. */
export function currentDetails(order: Order): string {
  const { status, version, updatedAt, cancellation } = order;
  const why = cancellation?.reason ? plain(cancellation.reason) : cancellation?.reasonCode;
  return `**${status}** · version ${version} · since ${updatedAt}${why ? ` · ${why}` : ''}\n\n${details(order)}`;
}

/** Names, notes and reasons are what people typed: shown as they are, never read as Markdown or HTML. */
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_&[\]<>|~#]/g, '\\$&');

/** The beginning of a text that takes so many bytes in JSON, and … where it goes on. */
function cut(text: string, bytes: number): string {
  const sizeOf = (part: string) => new TextEncoder().encode(JSON.stringify(part)).length - 2;
  if (sizeOf(text) <= bytes) return text;
  let room = bytes - sizeOf('…');
  let kept = '';
  for (const character of text) {
    room -= sizeOf(character);
    if (room < 0) break;
    kept += character;
  }
  return `${kept}…`;
}
