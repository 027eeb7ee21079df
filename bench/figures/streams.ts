import { randomUUID } from 'node:crypto';
import { toFrame } from '../../api/streams/frames.ts';
import { toCloudEvent } from '../../domain/order/cloud-event.ts';
import type { Order } from '../../domain/order/order.ts';
import { statusSteps } from '../complete-order.ts';
import type { Bench, Result } from '../figure.ts';
import { createHttpClient } from '../http-client.ts';
import { memoryOf } from '../measure/memory.ts';
import { type Pairs, timed } from '../measure/pairs.ts';
import { median } from '../measure/statistics.ts';
import { takeTurns } from '../measure/turns.ts';
import { number, timeRow, valueRow } from '../rows.ts';
import { openStreams } from '../stream-readers.ts';

const MANY = 1_000;

/** The shortest delay that is recorded, in ms. Some events arrive before the answer, but a ratio needs positive numbers. */
const LEAST_MS = 1;

/** Measures how long after the answer to a status change the event arrives in one or many streams, and the memory of a stream. */
export async function measureStreams(bench: Bench): Promise<Result> {
  const { shop, basket, count, duration, signal, log } = bench;
  const many = Math.min(MANY, count(MANY) * 10);
  const databaseUrl = await shop.createDatabase('bench_streams');
  const branch = await shop.openBranch('streams', { databaseUrl, worker: true });
  const { api, url, customer, manager } = branch;
  const openReaders = async (readers: number) =>
    openStreams(`${url}/v1/orders/events`, { as: await manager(), readers });

  log(`Opening ${many} idle streams …`);
  const look = async () => median((await memoryOf({ api: branch.pids.api }, { count, duration, signal })).api);
  // Opens one stream first, because the first requests of a process allocate memory that does not belong to the streams.
  (await openReaders(1)).close();
  const before = await look();
  const idle = await openReaders(many);
  const held = ((await look()) - before) * 1_024;
  idle.close();

  /** Returns how long each reader waited for each change, in ms. */
  async function follow(readers: number): Promise<number[]> {
    const streams = await openReaders(readers);
    const waits: number[] = [];
    for (let order = 0; order < count(5); order += 1) {
      const { id } = await api.send<{ id: string }>('POST', '/v1/orders', { as: await customer(), body: basket });
      for (const [index, status] of statusSteps.entries()) {
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

  const program = await shop.startBaseline('broadcast.ts', {});
  const baseline = createHttpClient(program.url, { connections: 1 });
  const order = await api.send<Order>('POST', '/v1/orders', { as: await customer(), body: basket });
  const move = { type: 'order.status_changed', at: order.placedAt, from: 'waiting', to: 'preparation' } as const;
  const actor = { type: 'manager', id: randomUUID() } as const;

  /** Returns the same times for a program that only forwards the received bytes. */
  async function broadcast(): Promise<number[]> {
    const streams = await openStreams(program.url, { as: 'any-token', readers: many });
    const waits: number[] = [];
    for (let sent = 0; sent < count(5) * statusSteps.length; sent += 1) {
      const id = randomUUID();
      const arrivals = streams.arrivals(id);
      const event = { ...move, id, orderId: order.id, version: 2, actor, reason: null };
      const frame = toFrame({ id, event: move.type, data: toCloudEvent({ event, order }, url) });
      await baseline.send('POST', '/', { text: frame.toString() });
      const answered = performance.now();
      waits.push(...(await arrivals).map((at) => Math.max(at - answered, LEAST_MS)));
    }
    streams.close();
    return waits;
  }

  log(`Reading 1 and ${many} streams …`);
  const turns = [() => follow(1), () => follow(many), broadcast];
  const rounds = await takeTurns(turns, { rounds: count(5), warmUp: 1, signal });
  baseline.close();
  await program.stop();
  await branch.close();

  const [one, all, passedOn] = [0, 1, 2].map((side) => rounds.map((turn) => turn[side]!)) as [Waits, Waits, Waits];
  const compared = (baseline: Waits): Pairs => ({
    baseline: baseline.flat(),
    crema: all.flat(),
    ratios: all.map((waits, round) => median(waits) / median(baseline[round]!)),
  });
  const title = `a change reaches ${number(many)} streams`;
  const kilobytes = held / many;
  return {
    summary: `**Event streams**: ${number(kilobytes)} KB of API memory each, 2,000 for each API process by default. A change reaches ${number(many)} streams within ${median(all.flat()).toFixed(0)} ms (median).`,
    rows: [
      timeRow(title, 'one stream', compared(one), { most: 5, why: 'the median includes 500 writes to sockets.' }),
      timeRow(title, 'Node sending the same bytes', compared(passedOn), {
        most: 1.8,
        why: 'worker, Temporal and Postgres process the same change on the same cores meanwhile.',
      }),
      valueRow(`memory of the API for an idle stream, of ${number(many)}`, [kilobytes], 'KB'),
    ],
  };
}

/** The delay of each event for each reader, in ms, by round. */
type Waits = number[][];
