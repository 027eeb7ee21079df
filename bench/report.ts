import type { Result, Row } from './figure.ts';

/** All results of one run. */
export interface Report {
  machine: string[];
  results: Result[];
}

const columns = ['measurement', 'baseline', 'target', 'measured', 'p10–p90', 'target met', 'the baseline', 'Crema'];

const method = `\`make bench\` compares Crema with baselines: bare Temporal and bare Koa. Baseline and Crema take short turns on the
same servers, in alternating order, after some warm-up turns. A ratio (×) is the median over all pairs of turns,
Crema divided by the baseline. Its spread runs from the 10th to the 90th percentile. Ratios are comparable between
machines; times and rates are not.

The last two columns are the results of each side: p50 / p99 / slowest, after the rate per second if rates are
compared.

| command | does |
|---|---|
| \`make bench\` | measures everything, with 100,000 orders in the longest list and 1,000 open orders |
| \`ORDERS=1000000 make bench\` | fills the longest list with a million orders |
| \`OPEN_ORDERS=10000 make bench\` | measures memory with ten thousand open orders |
| \`npm run bench -- --only=placing,lists\` | measures only these figures |
| \`npm run bench -- --plans\` | also prints how Postgres finds each page of the lists |
| \`npm run bench -- --write\` | writes this page and its picture |`;

const terms = `- **Bare**: a workflow that does nothing, started and updated by Temporal’s own client. Its worker is a separate
  process, as Crema’s is.
- **Back to back**: turns follow each other at once. The baseline therefore also runs while Crema finishes earlier
  work: journal, Redis, emails.
- **At rest**: each turn starts when all earlier work is finished. The baseline then has the machine to itself, and
  Crema shares it with its own work for the same order.
- **A whole order**: placed, in preparation, ready, delivered, each step as soon as the one before is answered,
  until the workflow has ended: read model written, Redis and all emails sent. The baseline’s first update follows
  its first workflow task.
- **Koa**: a separate process with Koa and its router only. It has the bytes in memory, or runs Crema’s query and
  returns the rows.
- **Actions**: what Temporal Cloud bills (a start, an update, an activity, a heartbeat, a timer, a change of search
  attributes), counted by Temporal’s own metric \`action\`. Workflow tasks are not billed.
- **Streams**: the time from the \`200\` of a status change to its arrival in the streams, at least one millisecond.
  With 1,000 streams, the median includes 500 writes to sockets. The second baseline is a Node process that only
  sends the same bytes. Memory is the resident memory of a new process.
- **Webhooks**: redelivered events, ten at a time, from the request to the last arrival. The baseline POSTs as many,
  one after the other, on one connection.
- **The board**: a page in headless Chromium on the same machine. A touch is measured until the browser has drawn the
  frame in which the card has moved. Memory is the size of the live objects of the page.
- A mail server that discards everything receives the emails. The worker starts with a prebuilt bundle, as in
  production.`;

/** Returns a run as a Markdown page. */
export function writeReport({ machine, results }: Report): string {
  const summary = results.flatMap(({ summary }) => (summary ? [`- ${summary}`] : []));
  return [
    '# Benchmarks',
    ['## For operators', '', 'With Crema and all its services on the machine below:', '', ...summary].join('\n'),
    ['## The machine', '', ...machine.map((fact) => `- ${fact}`)].join('\n'),
    `## Method\n\n${method}`,
    ['## All figures', '', line(columns), line(columns.map(() => '---')), ...results.flatMap(linesOf)].join('\n'),
    terms,
    ...missedIn(results),
    ...results.flatMap(({ details = [] }) => details),
    ...results.flatMap(({ pictures = {} }) => Object.keys(pictures).map(show)),
  ].join('\n\n');
}

function missedIn(results: Result[]): string[] {
  const missed = results.flatMap(({ rows }) => rows).filter(({ met }) => met === false);
  const reasons = missed.map(({ title, why = 'the reason is not known.' }) => `- ${title}: ${why}`);
  return missed.length > 0 ? [['## Missed targets', '', ...reasons].join('\n')] : [];
}

const linesOf = ({ rows }: Result): string[] =>
  rows.map((row: Row) => {
    const met = row.met === undefined ? '' : row.met ? 'yes' : '**no**';
    const { title, baseline = '', target = '', measured, spread = '', baselineResult = '', cremaResult = '' } = row;
    return line([title, baseline, target, measured, spread, met, baselineResult, cremaResult]);
  });

const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;

const show = (file: string): string => `![How time grows with the number of orders](${file})`;
