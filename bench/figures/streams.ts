import { randomUUID } from 'node:crypto';
import type { Bench, Result } from '../figure.ts';
import { memoryOf } from '../measure/memory.ts';
import { timed } from '../measure/pairs.ts';
import { median } from '../measure/statistics.ts';
import { takeTurns } from '../measure/turns.ts';
import { timeRow, valueRow } from '../rows.ts';
import { openStreams } from '../stream-readers.ts';
import { steps } from '../way-of-an-order.ts';

const MANY = 1_000;

/** Some events come before the answer does: what takes less than this counts as this, in ms, so that there is a ratio. */
const LEAST_MS = 1;

/** From a status change's answer to its arrival at those who follow the shop, one or a thousand; what a stream holds. */
export async function measureStreams(bench: Bench): Promise<Result> {
  const { shop, basket, count, moment, signal, log } = bench;
  const many = Math.min(MANY, count(MANY) * 10);
  const databaseUrl = await shop.createDatabase('bench_streams');
  const branch = await shop.openBranch('streams', { databaseUrl, worker: true });
  const { api, url, customer, manager } = branch;
  const openReaders = async (readers: number) =>
    openStreams(`${url}/v1/orders/events`, { as: await manager(), readers });

  /** @returns how long each reader waited for each change, in ms */
  async function follow(readers: number): Promise<number[]> {
    const streams = await openReaders(readers);
    const waits: number[] = [];
    for (let order = 0; order < count(5); order += 1) {
      const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: await customer(), body: basket });
      for (const [index, status] of steps.entries()) {
        const arrivals = streams.arrivals(`${id}:${index + 2}`);
        const options = { as: await manager(), body: { status }, key: randomUUID() };
        await timed(() => api.send('POST', `/v1/orders/${id}/status`, options));
        const answered = performance.now();
        waits.push(...(await arrivals).map((at) => Math.max(at - answered, LEAST_MS)));
      }
    }
    streams.close();
    return waits;
  }

  log(`Following the shop, 1 and ${many} readers …`);
  const turns = [() => follow(1), () => follow(many)];
  const rounds = await takeTurns(turns, { rounds: count(5), warmUp: 1, signal });
  const [few] = [await openReaders(1)];
  const before = await memoryOf({ api: branch.pids.api }, { count, moment, signal });
  const streams = await openReaders(many);
  const after = await memoryOf({ api: branch.pids.api }, { count, moment, signal });
  for (const each of [few, streams]) each.close();
  await branch.close();

  const pairs = {
    floor: rounds.flatMap(([one = []]) => one),
    crema: rounds.flatMap(([, all = []]) => all),
    ratios: rounds.map(([one = [], all = []]) => median(all) / median(one)),
  };
  const held = ((median(after.api) - median(before.api)) * 1_024) / many;
  return {
    rows: [
      timeRow(`from the answer to a change to ${many} readers’ streams`, 'to one reader’s', pairs, { most: 5 }),
      valueRow(`memory of the API for an idle stream, of ${many}`, [held], 'KB'),
    ],
  };
}
