import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Worker,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { Redis } from 'ioredis';
import type { Activities } from '../../activities/create-activities.ts';
import { createMailer } from '../../activities/email/mailer.ts';
import { createLogger } from '../../config/logger.ts';
import { createRegistry } from '../../config/metrics.ts';
import type { Status } from '../../domain/order/transitions.ts';
import { waitFor } from '../../stack/wait.ts';
import { composeActivities } from '../../worker/compose-activities.ts';
import { readWorkerSettings } from '../../worker/settings.ts';
import { createWebhookSending } from '../../worker/webhooks/start-webhooks.ts';
import { emailTaskQueueOf } from '../../workflows/messages/definitions.ts';
import { expectAllIntact, expectEmailedOnce } from '../races/intact.ts';
import { openShop, type Shop } from '../shop.ts';
import { sharedBundle } from '../workflow-bundle.ts';
import { installQuietRuntime, readRecording, recordings, replayErrors, replayRecordings } from './replay.ts';

const nextVersions = {
  guarded: join(import.meta.dirname, 'next-version/guarded.ts'),
  unguarded: join(import.meta.dirname, 'next-version/unguarded.ts'),
  'decided by data': join(import.meta.dirname, 'next-version/decided-by-data.ts'),
};
type Version = keyof typeof nextVersions | 'present';

const bundles = { present: sharedBundle() } as Record<Version, WorkflowBundleOption>;
const taskQueue = `orders-${randomUUID()}`;
let shop: Shop;
let mailer: ReturnType<typeof createMailer>;
let redis: Redis;
let activities: Activities;

beforeAll(async () => {
  installQuietRuntime();
  for (const [version, path] of Object.entries(nextVersions)) {
    const logger = new DefaultLogger('ERROR');
    bundles[version as Version] = await bundleWorkflowCode({ workflowsPath: path, logger });
  }
  shop = await openShop({ worker: false, environment: { TEMPORAL_TASK_QUEUE: taskQueue } });
  const settings = readWorkerSettings(shop.environment);
  const { database, temporal: client } = shop;
  const metrics = createRegistry();
  redis = new Redis(settings.REDIS_URL);
  mailer = createMailer(settings);
  const sending = createWebhookSending(settings, { database, logger: createLogger('test', 'silent'), metrics });
  activities = composeActivities(settings, { client, database, redis, mailer, metrics, sending });
}, 90_000);
afterAll(async () => {
  redis?.disconnect();
  await shop?.close();
  mailer?.close();
}, 60_000);

/** Runs work while a worker of each version serves. Without a cache, each task may go to any of them. */
async function whileServing([version, ...others]: Version[], work: () => Promise<void>): Promise<void> {
  if (!version) return work();
  // Two workers of one task queue need two connections, as in two processes.
  const connection = await NativeConnection.connect({ address: process.env.TEMPORAL_ADDRESS as string });
  const worker = await Worker.create({
    connection,
    taskQueue,
    identity: version,
    workflowBundle: bundles[version],
    activities,
    maxCachedWorkflows: 0,
  });
  const emails = await Worker.create({
    connection,
    taskQueue: emailTaskQueueOf(taskQueue),
    activities: { email: activities.email, firstEmails: activities.firstEmails },
  });
  await emails.runUntil(() => worker.runUntil(() => whileServing(others, work)));
  await connection.close();
}

const ask = (id: string, what: string, as: string, body: unknown) =>
  shop.requestUntilKnown(what ? 'POST' : 'PATCH', `/v1/orders/${id}${what}`, { as, body });

async function placed(): Promise<string> {
  const body = { lines: [await shop.line('Latte', 'Vanilla'), await shop.line('Tea')] };
  const answer = await shop.place({ body });
  expect(answer.status).toBe(201);
  return answer.body.id;
}

/** Edits an order and moves it to delivered, with one step back. */
async function walk(id: string): Promise<void> {
  const edited = await ask(id, '', shop.customer, { note: 'Hot' });
  expect([edited.status, edited.body.note]).toEqual([200, 'Hot']);
  for (const status of ['preparation', 'waiting', 'preparation', 'ready', 'delivered'] satisfies Status[]) {
    const moved = await ask(id, '/status', shop.manager, { status });
    expect([moved.status, moved.body.status]).toEqual([200, status]);
  }
}

const historyOf = (id: string) => shop.workflow(id).fetchHistory();

/** Returns the workers that completed an order's tasks, and the failures of tasks. */
async function tasksOf(id: string) {
  const { events } = await historyOf(id);
  return {
    workers: (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: completed }) => completed?.identity ?? []),
    failures: (events ?? []).flatMap(({ workflowTaskFailedEventAttributes: failed }) => failed?.failure?.message ?? []),
  };
}

/** Replays orders on a version. Throws the error of the first one that does not replay. */
async function replay(ids: string[], version: Version): Promise<void> {
  const histories = await Promise.all(ids.map(async (id) => ({ workflowId: id, history: await historyOf(id) })));
  const errors = await replayErrors({ workflowBundle: bundles[version] }, histories);
  expect(errors.size).toBe(ids.length);
  for (const error of errors.values()) if (error) throw error;
}

describe('old and new workers side by side', () => {
  test.each(['guarded', 'decided by data'] as const)(
    'share orders that were placed before a change that is %s',
    async (next) => {
      const ids: string[] = [];
      await whileServing(['present'], async () => {
        ids.push(...(await Promise.all(Array.from({ length: 6 }, placed))));
        await expectAllIntact(shop, ids);
      });

      await whileServing(['present', next], async () => {
        await Promise.all(ids.map(walk));
        await expectAllIntact(shop, ids);
      });

      await expectEmailedOnce(shop, ids);
      const served = await Promise.all(ids.map(tasksOf));
      for (const { failures } of served) expect(failures).toEqual([]);
      expect(served.filter(({ workers }) => new Set(workers.slice(1)).size === 2).length).toBeGreaterThan(0);
      for (const version of ['present', next] as const) await replay(ids, version);
    },
    120_000,
  );

  test('share orders that are placed meanwhile, if data decides the change', async () => {
    const ids: string[] = [];
    await whileServing(['present', 'decided by data'], async () => {
      ids.push(...(await Promise.all(Array.from({ length: 6 }, placed))));
      await Promise.all(ids.map(walk));
      await expectAllIntact(shop, ids);
    });

    await expectEmailedOnce(shop, ids);
    for (const { failures } of await Promise.all(ids.map(tasksOf))) expect(failures).toEqual([]);
    for (const version of ['present', 'decided by data'] as const) await replay(ids, version);
  }, 120_000);

  test('fail the tasks of a guarded order on the old worker, and complete it on the new one', async () => {
    let id = '';
    await whileServing(['guarded'], async () => {
      id = await placed();
      await expectAllIntact(shop, [id]);
    });

    await whileServing(['present'], async () => {
      await shop.workflow(id).signal('changeStatus', { status: 'preparation' });
      await waitFor('a failed task', async () => (await tasksOf(id)).failures.length > 0, { deadline: 20_000 });
    });
    await whileServing(['guarded'], async () => {
      await shop.waitForStatus(id, 'preparation');
      for (const status of ['ready', 'delivered'] satisfies Status[]) {
        expect((await ask(id, '/status', shop.manager, { status })).status).toBe(200);
      }
      await expectAllIntact(shop, [id]);
    });

    await expectEmailedOnce(shop, [id]);
    const { workers, failures } = await tasksOf(id);
    expect(new Set(workers)).toEqual(new Set(['guarded']));
    for (const failure of failures) expect(failure).toMatch(/Nondeterminism error: Non-deprecated patch marker/);
    await replay([id], 'guarded');
    await expect(replay([id], 'present')).rejects.toThrow(/[Nn]ondeterminis/);
  }, 120_000);
});

const ordersRecorded = recordings.filter(
  (name) => readRecording(name).events[0].workflowExecutionStartedEventAttributes.workflowType.name === 'order',
);

describe('recorded histories on a next version', () => {
  const errors = {} as Record<keyof typeof nextVersions, Map<string, Error | null>>;
  beforeAll(async () => {
    for (const version of ['guarded', 'decided by data', 'unguarded'] as const) {
      errors[version] = await replayRecordings({ workflowBundle: bundles[version] }, ordersRecorded);
      expect([...errors[version].keys()].toSorted()).toEqual(ordersRecorded.toSorted());
    }
  }, 60_000);

  describe.each(['guarded', 'decided by data'] as const)('with a change that is %s', (next) => {
    test.each(ordersRecorded)('replay: %s', (name) => {
      expect(errors[next].get(name)).toBeNull();
    });
  });

  test.each(ordersRecorded)('do not replay if the change is not guarded: %s', (name) => {
    expect(errors.unguarded.get(name)?.message).toMatch(/[Nn]ondeterminis/);
  });
});
