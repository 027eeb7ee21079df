import { writeMoney } from '../../domain/money.ts';
import { alertOf } from '../../domain/order/alerts.ts';
import { channelOf } from '../../domain/order/channel.ts';
import { describeLine } from '../../domain/order/describe-line.ts';
import type { JournalEntry } from '../../domain/order/journal-entry.ts';
import type { Fact, Line, Order, Placement } from '../../domain/order/order.ts';
import { cut, isolate } from '../../domain/text.ts';

// Temporal's limits (`limit.userMetadata…Size`) are 400 bytes for a summary and 20,000 for details. Server 1.29 does not enforce
// them, but a server that does would reject the whole order if its texts were longer.
const SHOWN_BYTES = 300;
/** For the names and notes of all lines together. */
const ROWS_BYTES = 12_500;

/** The maximum number of entries that a summary names. */
const MAX_NAMED = 8;

/** Returns an order in one line for the Temporal Web UI, without personal data: `#42 · 2 × Latte (Vanilla), 1 × Tea · $11.60`. */
export function summaryOfOrder({ number, lines, total }: Placement): string {
  const shown = lines.slice(0, 4).map(describeLine).join(', ');
  const more = lines.length > 4 ? ` and ${lines.length - 4} more` : '';
  return `#${number} · ${cut(shown, SHOWN_BYTES, bytesOf)}${more} · ${writeMoney(total)}`;
}

/** Returns an activity's entries in one line: `2 preparation, 3 ready`. */
export function summaryOfEntries(entries: (JournalEntry | Fact)[]): string {
  const names = entries.slice(0, MAX_NAMED).map((entry) => {
    if ('event' in entry) return `${entry.event.version} ${alertOf(entry.event) ?? entry.event.to}`;
    if (entry.kind === 'rejected') return `rejected ${entry.to ?? 'message'}`;
    return entry.kind === 'unchanged' ? 'edit without a difference' : `${entry.audience} given up`;
  });
  const more = entries.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

/** Returns the content of an order in Markdown. */
export function details(order: Order | Placement): string {
  const { lines, location, note, total } = order;
  const rows = lines.map((line) => {
    const text = describeLineWithNote(line, Math.floor(ROWS_BYTES / lines.length));
    return `| ${text} | ${writeMoney(line.unitPrice)} | ${writeMoney(line.total)} |`;
  });
  return [
    `**${location === 'in_house' ? 'In house' : 'Take away'}** · ${channelOf(order)} order · total **${writeMoney(total)}**`,
    '',
    '| line | each | total |',
    '|---|---|---|',
    ...rows,
    ...(note ? ['', `> ${plain(isolate(note))}`] : []),
  ].join('\n');
}

/** Returns a line and its note in Markdown. @param max the maximum size in bytes, of which a note gets up to two fifths */
function describeLineWithNote(line: Line, max: number): string {
  const note = line.note ? ` · “${cut(plain(isolate(line.note)), Math.floor(max * 0.4), bytesOf)}”` : '';
  return cut(plain(describeLine(line)), max - bytesOf(note), bytesOf) + note;
}

/** Returns the status and the content of an order in Markdown. */
export function currentDetails(order: Order): string {
  const { status, version, updatedAt, cancellation } = order;
  const why = cancellation?.reason ? plain(isolate(cancellation.reason)) : cancellation?.reasonCode;
  return `**${status}** · version ${version} · since ${updatedAt}${why ? ` · ${why}` : ''}\n\n${details(order)}`;
}

/** Escapes typed text, so that it is not read as Markdown or HTML. */
const plain = (text: string): string => text.replaceAll(/[\\`*_&[\]<>|~#]/g, '\\$&');

/** Returns the size in JSON, in bytes: Temporal stores the text as JSON. */
const bytesOf = (part: string): number => new TextEncoder().encode(JSON.stringify(part)).length - 2;
