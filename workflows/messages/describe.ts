import { writeMoney } from '../../domain/money.ts';
import { describeLine } from '../../domain/order/describe-line.ts';
import type { Order, Placement } from '../../domain/order/order.ts';
import { cut, isolate } from '../../domain/text.ts';

// Temporal's limits (`limit.userMetadata…Size`) are 400 bytes for a summary and 20,000 for details. Server 1.29 does not
// enforce them yet; one that does would refuse the whole order.
const SHOWN_BYTES = 300;
const ROW_BYTES = 250;

/** An order in one line, for the Temporal Web UI: `#42 · 2 × Latte (Vanilla), 1 × Tea · $11.60`. No personal data. */
export function summary({ number, lines, total }: Placement): string {
  const shown = lines.slice(0, 4).map(describeLine).join(', ');
  const more = lines.length > 4 ? ` and ${lines.length - 4} more` : '';
  return `#${number} · ${cut(shown, SHOWN_BYTES, bytesOf)}${more} · ${writeMoney(total)}`;
}

/** What was ordered, as Markdown. */
export function details({
  lines,
  location,
  note,
  total,
}: Pick<Order, 'lines' | 'location' | 'note' | 'total'>): string {
  const rows = lines.map(
    (line) =>
      `| ${cut(plain(describeLine(line)), ROW_BYTES, bytesOf)} | ${writeMoney(line.unitPrice)} | ${writeMoney(line.total)} |`,
  );
  return [
    `**${location === 'in_house' ? 'In house' : 'Take away'}** · total **${writeMoney(total)}**`,
    '',
    '| line | each | total |',
    '|---|---|---|',
    ...rows,
    ...(note ? ['', `> ${plain(isolate(note))}`] : []),
  ].join('\n');
}

/** Where an order stands, and what it is by now, as Markdown. */
export function currentDetails(order: Order): string {
  const { status, version, updatedAt, cancellation } = order;
  const why = cancellation?.reason ? plain(isolate(cancellation.reason)) : cancellation?.reasonCode;
  return `**${status}** · version ${version} · since ${updatedAt}${why ? ` · ${why}` : ''}\n\n${details(order)}`;
}

/** Names, notes and reasons are what people typed: shown as they are, never read as Markdown or HTML. */
const plain = (text: string): string => text.replaceAll(/[\\`*_&[\]<>|~#]/g, '\\$&');

/** What a part of a text takes in JSON, which is how Temporal keeps it, in bytes. */
const bytesOf = (part: string): number => new TextEncoder().encode(JSON.stringify(part)).length - 2;
