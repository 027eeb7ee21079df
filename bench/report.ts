import type { Result, Row } from './figure.ts';

/** Everything one run has measured. */
export interface Report {
  machine: string[];
  results: Result[];
}

const columns = [
  'Crema',
  'against',
  'target',
  'measured',
  'p10–p90',
  'reached',
  'the baseline by itself',
  'Crema by itself',
];

const introduction = `\`make bench\` measures Crema against floors, in one run, on the same servers, in the same minute. Floor and Crema take short
turns, who goes first changes, and the first turns do not count. A ratio (×) is the median over all pairs of turns, Crema’s
over the baseline’s; its spread runs from their 10th to their 90th percentile. Ratios travel between machines, milliseconds and
rates do not. By itself: things a second, where that is what is compared; then p50 / p99 / slowest.

| | |
|---|---|
| \`ORDERS=1000000 make bench\` | fills the longest list with a million orders (100,000) |
| \`OPEN_ORDERS=10000 make bench\` | looks at memory with ten thousand open orders (1,000) |
| \`npm run bench -- --only=placing,lists\` | measures only these figures |
| \`npm run bench -- --plans\` | also prints how Postgres finds each page of the lists |
| \`npm run bench -- --write\` | writes this page and its picture |`;

const meanings = `- **Bare**: a workflow that does nothing, started and updated by Temporal’s own client. Its worker is a process of its own, as
  Crema’s is.
- **Back to back**: one baseline, one Crema, and so on, and nothing is waited for in between, so that the baseline, too, meets what
  Crema’s request before it has set off: journal, Redis, emails.
- **At rest**: before each turn all that the one before has set off has come to an end. The baseline then has the machine to
  itself, and Crema meets its own work on the very order that it answers.
- **A whole order**: placed, in preparation, ready, delivered, each as soon as the step before is answered, until its workflow
  has ended: read model written, Redis and all emails told. The baseline’s first update is sent when its first task is done.
- **Koa**: a process of its own with Koa and its router alone, which has the bytes in memory, or runs the query that Crema runs
  and answers its rows.
- **Actions**: what Temporal Cloud bills (a start, an update, an activity, a heartbeat, a timer, a change of search attributes).
  Temporal’s own metric \`action\` counts them; workflow tasks are none.
- **Streams**: how long after its \`200\` (sent by the same client) a status change is with those who follow the shop. What takes
  less than a millisecond counts as one. Half of a thousand wait for five hundred writes to sockets, whoever makes them: the
  second baseline is a Node process that does nothing else. The memory is resident memory, of a process that has just started.
- **Webhooks**: events that are delivered once more, ten at a time, from the request to the last arrival. The loop POSTs as many, one
  after the other, on one connection.
- A mail server that forgets everything takes the emails. The worker starts with its bundle built, as in production.`;

/** The run as a Markdown page. */
export function writeReport({ machine, results }: Report): string {
  return [
    '# Benchmarks',
    introduction,
    ['## The machine', '', ...machine.map((fact) => `- ${fact}`)].join('\n'),
    ['## The figures', '', line(columns), line(columns.map(() => '---')), ...results.flatMap(linesOf)].join('\n'),
    meanings,
    ...results.flatMap(({ details = [] }) => details),
    ...results.flatMap(({ pictures = {} }) => Object.keys(pictures).map(show)),
  ].join('\n\n');
}

const linesOf = ({ rows }: Result): string[] =>
  rows.map((row: Row) => {
    const reached = row.reached === undefined ? '' : row.reached ? 'yes' : '**no**';
    const { title, baseline = '', target = '', measured, spread = '', baselineResult = '', cremaResult = '' } = row;
    return line([title, baseline, target, measured, spread, reached, baselineResult, cremaResult]);
  });

const line = (cells: string[]): string => `| ${cells.join(' | ')} |`;

const show = (file: string): string => `![How time grows with the number of orders](${file})`;
