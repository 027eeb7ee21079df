import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { freePorts } from '../../stack/ports.ts';
import { startProcess } from '../../stack/process/guarded-process.ts';
import { waitFor } from '../../stack/wait.ts';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import type { Bench, Result } from '../figure.ts';
import { inTime } from '../measure/in-time.ts';
import { allQuiet } from '../measure/quiet.ts';
import { number, valueRow } from '../rows.ts';
import type { Branch } from '../shop.ts';

const root = join(import.meta.dirname, '../..');
const programs = {
  API: { name: 'api-starts', script: 'api/main.ts', portVariable: 'PORT' },
  worker: { name: 'worker-starts', script: 'worker/main.ts', portVariable: 'WORKER_HEALTH_PORT' },
};

/** Orders that are placed, or closed, at once. */
const AT_ONCE = 16;

/** How often, and how far apart in ms, a process's memory is looked at: garbage comes and goes. */
const LOOKS = 10;
const LOOK_EVERY = 200;

/** How long the API and the worker take to start, and what they hold in memory. */
export async function measureProcesses(bench: Bench): Promise<Result> {
  const { shop, openOrders, count, log } = bench;
  log('Starting API and worker …');
  const [api, worker] = [await startTimes(bench, 'API', count(5)), await startTimes(bench, 'worker', count(5))];

  log(`Opening and closing ${number(openOrders)} orders …`);
  const databaseUrl = await shop.createDatabase('bench_memory');
  const branch = await shop.openBranch('memory', { databaseUrl, worker: true });
  const handles: WorkflowHandle[] = [];
  const idle = await memoryOf(branch, bench);
  await openAll(bench, branch, handles);
  const open = await memoryOf(branch, bench);
  await closeAll(bench, branch, handles);
  const closed = await memoryOf(branch, bench);
  await branch.close();

  const held = `${number(openOrders)} open orders`;
  const rowsOf = (name: 'API' | 'worker', key: 'api' | 'worker') => [
    valueRow(`memory of the ${name}, idle`, idle[key], 'MB'),
    valueRow(`memory of the ${name}, ${held}`, open[key], 'MB'),
    valueRow(`memory of the ${name}, after they closed`, closed[key], 'MB'),
  ];
  return {
    rows: [
      valueRow('start of the API until it is ready', api, 'ms'),
      valueRow('start of the worker until it is ready', worker, 'ms'),
      ...rowsOf('API', 'api'),
      ...rowsOf('worker', 'worker'),
    ],
  };
}

async function startTimes({ shop, signal }: Bench, program: keyof typeof programs, times: number): Promise<number[]> {
  const { name, script, portVariable } = programs[program];
  const measured: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const [port] = await freePorts(1);
    const env = { ...shop.environment, [portVariable]: String(port) };
    const running = await startProcess(
      { name, command: process.execPath, args: [join(root, script)], env, grace: 30_000 },
      shop.dataDir,
    );
    const start = performance.now();
    const isReady = async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).ok;
    try {
      await waitFor(`The ${program}`, isReady, { deadline: 60_000, every: 10, signal });
      measured.push(performance.now() - start);
    } finally {
      await running.stop();
    }
  }
  return measured;
}

async function openAll({ openOrders, shop, basket, signal }: Bench, branch: Branch, handles: WorkflowHandle[]) {
  let left = openOrders;
  await sideBySide(async () => {
    for (; left > 0; ) {
      left -= 1;
      signal.throwIfAborted();
      const options = { as: await branch.customer(), body: basket, key: randomUUID() };
      const { id } = await branch.api.send<{ id: string }>('POST', '/v1/orders', options);
      handles.push(shop.temporal.workflow.getHandle(workflowIdOf(id)));
    }
  });
  await allQuiet(handles, signal);
}

async function closeAll({ signal }: Bench, branch: Branch, handles: WorkflowHandle[]) {
  const left = [...handles];
  await sideBySide(async () => {
    for (let handle = left.pop(); handle; handle = left.pop()) {
      signal.throwIfAborted();
      const path = `/v1/orders/${handle.workflowId.replace(workflowIdOf(''), '')}/cancel`;
      await branch.api.send('POST', path, { as: await branch.manager(), body: {}, key: randomUUID() });
      await inTime('An order', handle.result());
    }
  });
}

const sideBySide = (work: () => Promise<void>) => Promise.all(Array.from({ length: AT_ONCE }, work));

/** Resident memory of both processes, in MB, looked at a few times. */
async function memoryOf({ pids }: Branch, { count, moment, signal }: Bench) {
  const looks = { api: [] as number[], worker: [] as number[] };
  for (let look = 0; look < count(LOOKS); look += 1) {
    await delay(moment(LOOK_EVERY), undefined, { signal });
    looks.api.push(residentMegabytes(pids.api));
    looks.worker.push(residentMegabytes(pids.worker!));
  }
  return looks;
}

function residentMegabytes(pid: number): number {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
      : execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8', timeout: 5_000 });
  return Number(kilobytes) / 1_024;
}
