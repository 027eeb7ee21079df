import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigurationError } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { StackError } from '../stack/stack-error.ts';
import { fillBasket } from './basket.ts';
import { measureHistories } from './figures/history.ts';
import { measureListPages } from './figures/list-pages.ts';
import { measureMoving } from './figures/moving.ts';
import { measurePlacing } from './figures/placing.ts';
import { describeMachine } from './machine.ts';
import { type Report, writeReport } from './report.ts';
import { withShop } from './shop.ts';

// `make bench`: what Crema's promises cost, as ratios to floors measured in the same minute. `ORDERS=1000000` for more orders
// in the lists, `--write` keeps the results in docs/benchmarks.md, `--plans` shows how Postgres finds each page.

/** Ends a bench that hangs; a million orders take their time. */
const LIMIT_MS = 15 * 60_000;

const DOCUMENT = join(import.meta.dirname, '../docs/benchmarks.md');

const say = (line: string) => console.log(line);

await runCommand(async () => {
  const { values: options } = parseArgs({
    options: { write: { type: 'boolean', default: false }, plans: { type: 'boolean', default: false } },
  });
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => stopping.abort(new StackError(`Stopped by ${name}.`)));
  }
  const late = setTimeout(
    () => stopping.abort(new StackError(`The bench took over ${LIMIT_MS / 60_000} minutes.`)),
    LIMIT_MS,
  );
  try {
    const report = await measure(ordersIn(process.env.ORDERS), stopping.signal);
    say(`\n${writeReport(report, { plans: options.plans })}`);
    if (options.write) writeFileSync(DOCUMENT, `${writeReport(report, { plans: false })}\n`);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  } finally {
    clearTimeout(late);
  }
});

function ordersIn(setting = '100000'): number {
  const orders = Number(setting);
  if (Number.isInteger(orders) && orders >= 1_000 && orders <= 5_000_000) return orders;
  throw new ConfigurationError(`ORDERS is ${setting}: it must be a whole number from 1000 to 5000000.`);
}

async function measure(orders: number, signal: AbortSignal): Promise<Report> {
  const machine = describeMachine();
  say('Opening a shop of the bench’s own …');
  return withShop(
    async (shop) => {
      const basket = await fillBasket(shop.api);
      say('Placing …');
      const placing = await measurePlacing(shop, basket, { inARow: 1, pairs: 60, warmUp: 20, signal });
      const placingInARow = await measurePlacing(shop, basket, { inARow: 5, pairs: 20, warmUp: 2, signal });
      say('Moving …');
      const moving = await measureMoving(shop, basket, { atRest: true, pairs: 40, warmUp: 5, signal });
      const movingInARow = await measureMoving(shop, basket, { atRest: false, pairs: 40, warmUp: 2, signal });
      const history = await measureHistories(shop, basket, { orders: 5, signal });
      await shop.stopWorkers();
      say('Listing …');
      const lists = await measureListPages(shop, { many: orders, pairs: 40, warmUp: 10, signal, log: say });
      return {
        machine: [...machine, ...shop.versions],
        placing,
        placingInARow,
        moving,
        movingInARow,
        history,
        orders,
        lists,
      };
    },
    say,
    signal,
  );
}
