import { writeMoney } from '../../domain/money.ts';
import { describeLine, describeOption } from '../../domain/order/describe-line.ts';
import type { Line, Order } from '../../domain/order/order.ts';
import { ISOLATE, isolate, lengthOf } from '../../domain/text.ts';
import type { Language } from '../../languages/language.ts';
import { type Html, html, multiline, sentence } from '../../languages/markup.ts';
import { formatDate } from './format-date.ts';
import type { Part } from './layout.ts';
import { look } from './look.ts';

const steps = ['waiting', 'preparation', 'ready', 'delivered'] as const;

/** Lists the items for a subject, without options: `2 × Latte (Vanilla), 1 × Tea`, with an ellipsis after the third. */
export function summaryOf(lines: readonly Line[]): string {
  const items = lines
    .slice(0, 3)
    .map(({ product, variation, quantity }) => describeLine({ product, variation, quantity }));
  return [...items, ...(lines.length > 3 ? ['…'] : [])].join(', ');
}

/** Renders a quotation, or `null` if the text is empty. */
export function quote(label: string, typed: string | null): Part | null {
  const quoted = typed && cleanLines(typed);
  if (!quoted) return null;
  return {
    html: html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:22px;"><tr>
<td class="quote" bgcolor="#faf2e8" style="padding:14px 18px;background-color:#faf2e8;border-left:4px solid #c07a41;">
<div class="faint" style="${look.small}">${label}</div>
<div class="ink" style="${look.text}color:${look.ink};margin-top:4px;word-break:break-word;">${multiline(quoted)}</div>
</td></tr></table>`,
    text: `${label}:\n${quoted.replace(/^/gm, '  ')}`,
  };
}

/** Cleans typed text. Line breaks become `\n`, with at most one empty line in a row. Each line is isolated. */
const cleanLines = (typed: string): string =>
  typed
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map(isolate)
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();

/** Renders the order's progress through its statuses; `null` if it is cancelled. */
export function tracker({ status }: Order, { labels }: Language): Part | null {
  if (status === 'cancelled') return null;
  const at = steps.indexOf(status);
  const text = labels.step(at + 1, steps.length, labels.steps[status]);
  return {
    html: html`<table role="img" aria-label="${text}" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:26px;table-layout:fixed;text-align:center;"><tr>${steps.map((step, index) => stepCells(labels.steps[step], index, at))}</tr></table>`,
    text,
  };
}

function stepCells(step: string, index: number, at: number): Html {
  const gap = index > 0 ? html`<td width="8" style="font-size:0;">&nbsp;</td>` : null;
  const [bar, colour] = index <= at ? ['done', '#b9642b'] : ['todo', '#eadfd2'];
  const [ink, weight] = index === at ? ['ink', `font-weight:700;color:${look.ink};`] : ['faint', ''];
  return html`${gap}<td valign="top">
<div class="${bar}" style="height:6px;line-height:6px;font-size:0;border-radius:3px;background-color:${colour};">&nbsp;</div>
<div class="${ink}" style="${look.small}${weight}margin-top:8px;">${step}</div>
</td>`;
}

/** Renders all lines with options, notes, quantities and prices, and the total. */
export function receipt({ lines, total }: Order, { locale, labels }: Language): Part {
  const rows = lines.map((line) => ({
    quantity: line.quantity,
    product: isolate(line.product),
    variation: line.variation && isolate(line.variation),
    options: line.options?.map(describeOption).join(', ') || null,
    note: (line.note && cleanLines(line.note)) || null,
    described: describeLine(line),
    each: line.quantity > 1 ? labels.each(writeMoney(line.unitPrice, locale)) : null,
    total: writeMoney(line.total, locale),
  }));
  const sum = writeMoney(total, locale);
  const cells = rows.map(
    (row) => html`<tr>
<td class="rule ink" valign="top" style="${look.strong}${look.rule}padding:14px 14px 14px 0;white-space:nowrap;">${row.quantity}&nbsp;×</td>
<td class="rule" valign="top" width="100%" style="${look.rule}padding:14px 0;word-break:break-word;"><div class="ink" style="${look.strong}">${sentence(row.product)}</div>${[row.variation, row.options, row.each].map((detail) => detail && html`<div class="faint" style="${look.small}">${sentence(detail)}</div>`)}${row.note && html`<div class="text" style="${look.note}">“${multiline(row.note)}”</div>`}</td>
<td class="rule ink" valign="top" align="right" style="${look.strong}${look.rule}padding:14px 0 14px 14px;white-space:nowrap;">${row.total}</td>
</tr>`,
  );
  return {
    html: html`<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin-top:30px;">${cells}
<tr>
<td class="rule ink" colspan="2" style="${look.strong}border-top:2px solid #d9c8b4;padding:16px 0;">${labels.total}</td>
<td class="rule ink" align="right" style="${look.strong}border-top:2px solid #d9c8b4;padding:16px 0;font-size:20px;white-space:nowrap;">${sum}</td>
</tr></table>`,
    text: columns([
      ...rows.map(({ described, each, total: amount, note }) => ({
        name: each ? `${described}, ${each}` : described,
        amount,
        note,
      })),
      { name: labels.total, amount: sum, note: null },
    ]),
  };
}

/** Renders the time of placement and the order's reference. */
export function particulars({ placedAt, id }: Order, { locale, labels }: Language, timeZone: string): Part {
  const facts = [`${labels.placed} ${formatDate(placedAt, locale, timeZone)}`, `${labels.reference} ${id}`];
  return { html: html`${facts.map((fact) => html`<div>${fact}</div>`)}`, text: facts.join('\n') };
}

/** Renders the order's number in large type. The text below it is the location, or says that the order was cancelled. */
export function orderBanner({ number, location, status }: Order, { labels }: Language): Part {
  const under = status === 'cancelled' ? labels.cancelled : labels.location[location];
  return {
    html: html`<div style="${look.label}margin-top:20px;">${labels.order}</div>
<div class="number" style="${look.number}">#${number}</div>
<div style="${look.label}">${under}</div>`,
    text: `${labels.order} #${number} · ${under}`,
  };
}

/** Returns lines of text with aligned amounts. A note follows its line, indented. */
function columns(rows: readonly { name: string; amount: string; note: string | null }[]): string {
  const widest = Math.max(...rows.map(({ name }) => widthOf(name)));
  const amounts = Math.max(...rows.map(({ amount }) => amount.length));
  return rows
    .flatMap(({ name, amount, note }) => [
      `${name}${' '.repeat(Math.max(Math.min(widest, 60) - widthOf(name), 0))}  ${amount.padStart(amounts)}`,
      ...(note ? [`“${note}”`.replace(/^/gm, '  ')] : []),
    ])
    .join('\n');
}

/** Returns the number of visible characters. */
const widthOf = (text: string): number => lengthOf(text.replaceAll(ISOLATE.start, '').replaceAll(ISOLATE.end, ''));
