import type { HistorySize } from './figures/history.ts';
import { FEW, type ListPage } from './figures/list-pages.ts';
import { median, type Pairs, quantile } from './pairs.ts';

/** Everything one run has measured. */
export interface Report {
  machine: string[];
  /** Each on servers at rest, and several in a row: what the first one sets off then runs beside the next. */
  placing: Pairs;
  placingInARow: Pairs;
  moving: Pairs;
  movingInARow: Pairs;
  history: HistorySize;
  /** How many orders the larger list has. */
  orders: number;
  lists: ListPage[];
}

/** The run as a Markdown page. */
export function writeReport(report: Report, { plans }: { plans: boolean }): string {
  const { machine, placing, placingInARow, moving, movingInARow, history, orders, lists } = report;
  const many = orders.toLocaleString('en');
  return [
    '# Benchmarks',
    '',
    `\`make bench\` measures Crema against floors in the same minute on the same servers: a workflow that does nothing, started
and updated by Temporal’s client itself. Floor and Crema take turns; a ratio is the median over all pairs of turns, its
spread their 10th to 90th percentile. The ratios travel between machines, the milliseconds do not. Both sides share the
processors with all servers and with the workers, whose work on one order (journal, Redis, emails) begins while the order is
still being answered.`,
    '',
    '`make bench ORDERS=1000000` fills the longer list with a million orders; `npm run bench -- --plans` prints how Postgres finds',
    'each page; `npm run bench -- --write` writes this page.',
    '',
    '## The machine',
    '',
    ...machine.map((fact) => `- ${fact}`),
    '',
    '## Orders',
    '',
    '| Crema, over HTTP | floor | target | ratio | p10–p90 | floor p50 / p99, ms | Crema p50 / p99, ms |',
    '|---|---|---|---|---|---|---|',
    orderRow('place, at rest', 'start', placing),
    orderRow('place, five in a row', 'start', placingInARow),
    orderRow('change a status, at rest', 'update', moving),
    orderRow('change a status, three in a row', 'update', movingInARow),
    '',
    'A status change is answered when its read model is written. At rest, nothing else is under way; in a row, the workflow',
    'tasks, journal, Redis and emails of the one before compete with it for the processors.',
    '',
    `One delivered order: ${history.workflowTasks} workflow tasks, ${history.events} history events, ${history.bytes.toLocaleString('en')} bytes of history.`,
    '',
    '## Lists',
    '',
    `A page of \`GET /v1/orders\` among ${many} orders against the same page among ${FEW.toLocaleString('en')}, with as many orders on it:`,
    '',
    `| page | ratio | p10–p90 | among ${FEW.toLocaleString('en')} p50 / p99, ms | among ${many} p50 / p99, ms |`,
    '|---|---|---|---|---|',
    ...lists.map(({ title, pairs }) => `| ${title} | ${figures(pairs).join(' | ')} |`),
    ...(plans
      ? lists.flatMap(({ title, plan }) => ['', `### Plan among ${many}: ${title}`, '', '```', plan, '```'])
      : []),
  ].join('\n');
}

const orderRow = (title: string, floor: string, pairs: Pairs): string =>
  `| ${title} | bare ${floor} | ≤ 2.0 | ${figures(pairs).join(' | ')} |`;

function figures({ ratios, floor, crema }: Pairs): string[] {
  const spread = `${quantile(ratios, 0.1).toFixed(2)}–${quantile(ratios, 0.9).toFixed(2)}`;
  return [median(ratios).toFixed(2), spread, latencies(floor), latencies(crema)];
}

const latencies = (times: number[]): string => `${median(times).toFixed(1)} / ${quantile(times, 0.99).toFixed(1)}`;
