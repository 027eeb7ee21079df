import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { limitTime, runStoppable } from '../tests/stoppable-command.ts';
import { fillBasket } from './basket.ts';
import type { Figure, Result } from './figure.ts';
import { measureBoard } from './figures/board.ts';
import { measureClients } from './figures/clients.ts';
import { measureCosts } from './figures/costs.ts';
import { measureLists } from './figures/lists.ts';
import { measureMoving } from './figures/moving.ts';
import { measurePlacing } from './figures/placing.ts';
import { measureProcesses } from './figures/processes.ts';
import { measureReading } from './figures/reading.ts';
import { measureStreams } from './figures/streams.ts';
import { measureWebhooks } from './figures/webhooks.ts';
import { describeMachine } from './machine.ts';
import { type Report, writeReport } from './report.ts';
import { readBenchSettings } from './settings.ts';
import { withShop } from './shop.ts';

// `make bench`: measures Crema against baselines. `--only=placing,lists` selects figures, `--write` writes the results to docs/,
// `--plans` prints query plans, `--quick` measures each figure once, to test the bench itself.

const figures: Record<string, Figure> = {
  placing: measurePlacing,
  moving: measureMoving,
  clients: measureClients,
  reading: measureReading,
  lists: measureLists,
  costs: measureCosts,
  processes: measureProcesses,
  streams: measureStreams,
  webhooks: measureWebhooks,
  board: measureBoard,
};

/** The parts of the time limit of a run, in ms. */
const LIMIT_MS = { always: 15 * 60_000, perOrder: 0.5, perOpenOrder: 200 };

const DOCS = join(import.meta.dirname, '../docs');

const say = (line: string) => console.log(line);

await runStoppable(async (stopping) => {
  const { values: options } = parseArgs({
    options: {
      only: { type: 'string' },
      write: { type: 'boolean', default: false },
      plans: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
  });
  if (options.write && (options.only || options.quick)) {
    throw new ConfigurationError('--write needs a whole run: remove --only and --quick.');
  }
  const chosen = chosenFigures(options.only);
  const { ORDERS: orders, OPEN_ORDERS: openOrders } = readBenchSettings(process.env);
  const limit = LIMIT_MS.always + orders * LIMIT_MS.perOrder + openOrders * LIMIT_MS.perOpenOrder;
  limitTime(stopping, limit, `The bench took over ${Math.round(limit / 60_000)} minutes.`);
  const report = await measure(chosen, { orders, openOrders, quick: options.quick }, stopping.signal);
  say(`\n${writeReport(report)}`);
  if (options.plans) for (const { plans = [] } of report.results) say(`\n${plans.join('\n\n')}`);
  if (options.write) keep(report);
});

function chosenFigures(names: string | undefined): Figure[] {
  return (names?.split(',') ?? Object.keys(figures)).map((name) => {
    const figure = figures[name];
    if (figure) return figure;
    throw new ConfigurationError(`Unknown figure ${name}. Known figures: ${Object.keys(figures).join(', ')}.`);
  });
}

async function measure(
  chosen: Figure[],
  { orders, openOrders, quick }: { orders: number; openOrders: number; quick: boolean },
  signal: AbortSignal,
): Promise<Report> {
  const machine = describeMachine();
  say('Starting a shop for the bench …');
  return withShop(
    async (shop) => {
      const bench = {
        shop,
        basket: await fillBasket(shop.api),
        orders,
        openOrders,
        count: (usual: number) => (quick ? 1 : usual),
        duration: (usual: number) => (quick ? usual / 10 : usual),
        signal,
        log: say,
      };
      const results: Result[] = [];
      for (const figure of chosen) results.push(await figure(bench));
      return { machine: [...machine, ...shop.versions], results };
    },
    say,
    signal,
  );
}

function keep(report: Report): void {
  writeFileSync(join(DOCS, 'benchmarks.md'), `${writeReport(report)}\n`);
  for (const { pictures = {} } of report.results) {
    for (const [file, picture] of Object.entries(pictures)) writeFileSync(join(DOCS, file), picture);
  }
}
