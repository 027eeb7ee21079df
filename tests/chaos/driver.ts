import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from './client.ts';
import type { Fault, Part } from './fault.ts';
import type { Random } from './random.ts';

/** A fault that happened. Times are in ms since the epoch. */
export interface FaultRecord {
  kind: Fault['kind'];
  target: string;
  parts: Part[];
  startedAt: number;
  endedAt: number;
  /** The time from the end of the fault until every API has placed and moved an order, in ms; undefined before that. */
  recovery?: number;
}

/** Checks one API by placing an order and moving it. */
export interface Probe {
  customer: Client;
  manager: Client;
  body: unknown;
}

interface Options {
  faults: Fault[];
  probes: Probe[];
  random: Random;
  /** The time after which faults no longer start, in ms since the epoch. */
  until: number;
  faultRecords: FaultRecord[];
  log(line: string): void;
}

/** The pause before each fault, in ms. */
const PAUSE_MS: [number, number] = [2_000, 5_000];

/** The time after which a workflow has finished its first task, in ms. */
const FIRST_TASK_MS = 300;

/** The longest allowed recovery, in ms. */
const RECOVERY_TIMEOUT_MS = 60_000;

/** Injects one fault after the other, sometimes two at once. Returns when all faults have ended. */
export async function injectFaults({ faults, probes, random, until, faultRecords, log }: Options): Promise<void> {
  const queue = arrange(faults, random);
  for (let next = 0; ; ) {
    await delay(random.between(...PAUSE_MS));
    if (Date.now() >= until || queue.length === 0) return;
    const first = queue[next % queue.length] as Fault;
    next += 1;
    const other = queue[next % queue.length] as Fault;
    const both = random.chance(0.25) && !other.parts.some((part) => first.parts.includes(part));
    if (both) next += 1;
    const now = await Promise.all([first, ...(both ? [other] : [])].map((fault) => inject(fault)));
    const from = Date.now();
    const recovered = await Promise.all(probes.map((probe) => works(probe, from + RECOVERY_TIMEOUT_MS)));
    for (const each of now) if (!recovered.includes(false)) each.recovery = Date.now() - from;
    log(recovered.includes(false) ? 'does not recover' : `works again after ${Date.now() - from} ms`);
  }

  async function inject(fault: Fault): Promise<FaultRecord> {
    const { kind, target, parts } = fault;
    const lasts = Math.round(random.between(...fault.lasts));
    log(`${kind}: ${target}${lasts ? `, ${lasts} ms` : ''}`);
    const record: FaultRecord = { kind, target, parts, startedAt: Date.now(), endedAt: Number.POSITIVE_INFINITY };
    faultRecords.push(record);
    const undo = await fault.begin(random);
    await delay(lasts);
    await undo();
    record.endedAt = Date.now();
    log(`${kind}: ${target} is over`);
    return record;
  }
}

/** Sorts the faults so that one of each kind comes early. */
function arrange(faults: Fault[], random: Random): Fault[] {
  const kinds = random.shuffled([...new Set(faults.map(({ kind }) => kind))]);
  const stacks = kinds.map((kind) => random.shuffled(faults.filter((fault) => fault.kind === kind)));
  const queue: Fault[] = [];
  while (queue.length < faults.length) {
    for (const stack of stacks) queue.push(...stack.splice(0, 1));
  }
  return queue;
}

/** Repeats a probe until it succeeds at the first attempt. */
async function works({ customer, manager, body }: Probe, deadline: number): Promise<boolean> {
  while (Date.now() < deadline) {
    const placed = await customer.ask({ kind: 'place', method: 'POST', path: '/v1/orders', key: randomUUID(), body });
    const id = placed?.status === 201 && placed.shown?.[0]?.id;
    // Wait first, because an update during the start of its workflow sometimes stalls for two seconds without any fault.
    await delay(FIRST_TASK_MS);
    const move = {
      kind: 'move',
      method: 'POST',
      path: `/v1/orders/${id}/status`,
      body: { status: 'preparation' },
    } as const;
    const moved = id ? await manager.ask({ ...move, key: randomUUID(), expected: [409] }) : undefined;
    if (moved?.status === 200) return true;
  }
  return false;
}
