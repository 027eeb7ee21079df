import type { WorkflowHandle } from '@temporalio/client';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { openChromium } from '../../tests/chromium.ts';
import { openBoard } from '../../tests/web/board-page.ts';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import { completeOrder } from '../complete-order.ts';
import type { Bench, Result } from '../figure.ts';
import { measurePairs } from '../measure/pairs.ts';
import { quantile } from '../measure/statistics.ts';
import { waitUntilAllIdle } from '../measure/wait-until-idle.ts';
import { number, timeRow, valueRow } from '../rows.ts';
import type { Branch } from '../shop.ts';

const [FEW, MANY] = [10, 500];

/** How many orders pass through the board while its memory is measured, and how many pass before. */
const PASSING = { warmUp: 200, measured: 2_000 };

const CLIENTS = 16;
const TOUCHES = 10;

/** A time in which people feel that a touch is answered at once, in ms. */
const AT_ONCE_MS = 100;

/** Measures how fast the board answers a touch with few and many open orders, and its memory while orders pass. */
export async function measureBoard(bench: Bench): Promise<Result> {
  const { shop, count, signal, log } = bench;
  const [fewOrders, manyOrders, passing] = [count(FEW), count(MANY), count(PASSING.measured)];
  const browser = await openChromium();
  const branches: Branch[] = [];
  const open = async (name: string, orders: number) => {
    const databaseUrl = await shop.createDatabase(`bench_${name}`);
    const branch = await shop.openBranch(name, { databaseUrl, worker: true });
    branches.push(branch);
    log(`Opening a board with ${orders} open orders …`);
    const placed: WorkflowHandle[] = [];
    await repeat(orders, async () =>
      placed.push(shop.temporal.workflow.getHandle(workflowIdOf(await place(branch, bench)))),
    );
    await waitUntilAllIdle(placed, signal);
    return { branch, page: await openFullBoard(browser, branch, orders) };
  };
  try {
    const few = await open('few', fewOrders);
    const many = await open('many', manyOrders);
    const touches = await measurePairs({
      pairs: count(5),
      warmUp: 1,
      baseline: () => touch(few.page, count(TOUCHES)),
      crema: () => touch(many.page, count(TOUCHES)),
      signal,
    });
    await few.page.close();
    log(`Moving ${passing} orders over a board …`);
    const growth = await measureGrowth(many, bench);
    const slowest = quantile(touches.crema, 0.99);
    return {
      summary: `**The board**: answers a touch within ${slowest.toFixed(0)} ms (99 of 100), with ${manyOrders} open orders.`,
      rows: [
        timeRow(`a touch on a board with ${manyOrders} open orders`, `${fewOrders} open orders`, touches),
        valueRow('the same, 99 of 100', [slowest], 'ms', { most: AT_ONCE_MS }),
        valueRow(`growth of the board’s memory while ${number(passing)} orders pass`, [growth], 'MB', { most: 2 }),
      ],
    };
  } finally {
    await browser.close();
    for (const branch of branches) await branch.close();
  }
}

async function place({ api, customer }: Branch, { basket }: Bench): Promise<string> {
  const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: await customer(), body: basket });
  return id;
}

/** Runs work so many times, with several clients at once. */
async function repeat(times: number, work: () => Promise<unknown>): Promise<void> {
  let started = 0;
  const client = async () => {
    while (started < times) {
      started += 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: Math.min(CLIENTS, times) }, client));
}

async function openFullBoard(browser: Browser, branch: Branch, orders: number): Promise<Page> {
  const page = await openBoard(browser, branch);
  await page.waitForFunction(`document.querySelectorAll('.card').length >= ${orders}`);
  return page;
}

/** Moves an order forward by a touch and undoes it, so many times. @returns the times until the frame that shows the move, in ms */
async function touch(page: Page, times: number): Promise<number[]> {
  const results: number[] = [];
  for (let time = 0; time < times; time += 1) {
    results.push(
      await page.evaluate<number>(`new Promise((resolve, reject) => {
        const button = document.querySelector('.column .forward');
        const { id } = button.closest('.card');
        const column = button.closest('.column');
        const start = performance.now();
        button.click();
        requestAnimationFrame(() => setTimeout(() => {
          if (column.contains(document.getElementById(id))) reject(new Error('The card has not moved.'));
          resolve(performance.now() - start);
        }));
      })`),
    );
    await page.getByRole('button', { name: /^Undo/ }).first().click();
  }
  return results;
}

/** Returns how much the heap of a board has grown while orders passed, in MB. */
async function measureGrowth({ branch, page }: { branch: Branch; page: Page }, bench: Bench): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const pass = (orders: number) => repeat(orders, async () => completeOrder(branch, await place(branch, bench)));
  await pass(bench.count(PASSING.warmUp));
  const before = await heapOf(session);
  await pass(bench.count(PASSING.measured));
  return (await heapOf(session)) - before;
}

/** Returns the size of the objects that a page still uses, in MB. */
async function heapOf(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return usedSize / 2 ** 20;
}
