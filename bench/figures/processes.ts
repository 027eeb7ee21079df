import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { leasePorts } from '../../stack/ports.ts';
import { startProcess } from '../../stack/process/guarded-process.ts';
import { waitFor } from '../../stack/wait.ts';
import { workflowIdOf } from '../../workflows/messages/definitions.ts';
import type { Bench, Result } from '../figure.ts';
import { callWithDeadline } from '../measure/call-with-deadline.ts';
import { memoryOf } from '../measure/memory.ts';
import { median } from '../measure/statistics.ts';
import { waitUntilAllIdle } from '../measure/wait-until-idle.ts';
import { number, type Target, valueRow } from '../rows.ts';
import type { Branch } from '../shop.ts';

const root = join(import.meta.dirname, '../..');
const programs = {
  API: { name: 'api-starts', script: 'api/main.ts', portVariable: 'PORT' },
  worker: { name: 'worker-starts', script: 'worker/main.ts', portVariable: 'WORKER_HEALTH_PORT' },
};

/** The number of orders that are placed or closed at the same time. */
const AT_ONCE = 16;

/** The maximum memory of a worker with open orders, in MB, and of one whose orders have closed, as a multiple of an idle one's. */
const WORKER_MOST = { open: 700, closed: 1.3 };

/** Measures the start and the memory of the API and the worker. */
export async function measureProcesses(bench: Bench): Promise<Result> {
  const { shop, openOrders, count, log } = bench;
  log('Starting API and worker …');
  const [api, worker] = [await startTimes(bench, 'API', count(5)), await startTimes(bench, 'worker', count(5))];

  log(`Opening and closing ${number(openOrders)} orders …`);
  const databaseUrl = await shop.createDatabase('bench_memory');
  const branch = await shop.openBranch('memory', { databaseUrl, worker: true });
  const pids = { api: branch.pids.api, worker: branch.pids.worker! };
  const handles: WorkflowHandle[] = [];
  const idle = await memoryOf(pids, bench);
  await openAll(bench, branch, handles);
  const open = await memoryOf(pids, bench);
  await closeAll(bench, branch, handles);
  const closed = await memoryOf(pids, bench);
  await branch.close();

  const held = `${number(openOrders)} open orders`;
  const rowsOf = (name: 'API' | 'worker', key: 'api' | 'worker', most?: { open: Target; closed: Target }) => [
    valueRow(`memory of the ${name}, idle`, idle[key], 'MB'),
    valueRow(`memory of the ${name}, ${held}`, open[key], 'MB', most?.open),
    valueRow(`memory of the ${name}, after the orders closed`, closed[key], 'MB', most?.closed),
  ];
  const workerMost = {
    open: { most: WORKER_MOST.open },
    closed: {
      most: Math.floor(median(idle.worker) * WORKER_MOST.closed),
      why: 'V8 does not collect the heap of an idle process, and glibc keeps part of the freed memory (ADR 25).',
    },
  };
  return {
    summary: `**Memory**: ${number(median(open.api))} MB for an API process and ${number(median(open.worker))} MB for a worker, with ${held}.`,
    rows: [
      valueRow('start of the API until it is ready', api, 'ms'),
      valueRow('start of the worker until it is ready', worker, 'ms'),
      ...rowsOf('API', 'api'),
      ...rowsOf('worker', 'worker', workerMost),
    ],
  };
}

async function startTimes({ shop, signal }: Bench, program: keyof typeof programs, times: number): Promise<number[]> {
  const { name, script, portVariable } = programs[program];
  const measured: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const [port] = await leasePorts(1);
    const INSTANCE_ID = randomUUID();
    const env = { ...shop.environment, [portVariable]: String(port), INSTANCE_ID };
    const running = await startProcess(
      { name, command: process.execPath, args: [join(root, script)], env, grace: 30_000 },
      shop.dataDir,
    );
    const start = performance.now();
    const isReady = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/ready`);
      return answer.ok && ((await answer.json()) as { instance: string }).instance === INSTANCE_ID;
    };
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
  await waitUntilAllIdle(handles, signal);
}

async function closeAll({ signal }: Bench, branch: Branch, handles: WorkflowHandle[]) {
  const left = [...handles];
  await sideBySide(async () => {
    for (let handle = left.pop(); handle; handle = left.pop()) {
      signal.throwIfAborted();
      const path = `/v1/orders/${handle.workflowId.replace(workflowIdOf(''), '')}/cancel`;
      await branch.api.send('POST', path, { as: await branch.manager(), body: {}, key: randomUUID() });
      await callWithDeadline('An order', handle.result());
    }
  });
}

const sideBySide = (work: () => Promise<void>) => Promise.all(Array.from({ length: AT_ONCE }, work));
