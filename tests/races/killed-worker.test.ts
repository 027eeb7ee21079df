import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../../domain/order/transitions.ts';
import { waitFor } from '../../stack/wait.ts';
import { getOrderQuery } from '../../workflows/messages/definitions.ts';
import { replayAll } from '../faults/aftermath.ts';
import { createHeldEmails } from '../faults/held-emails.ts';
import { lockWaits } from '../lock-waits.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { addresses, expectAllIntact } from './intact.ts';

const heldEmails = createHeldEmails();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ smtp: heldEmails.smtp });
}, 60_000);
afterAll(() => shop.close(), 60_000);

const waitOptions = { deadline: 20_000, every: 20 };

/** The longest time that a change may wait for its answer once a new worker is ready, in ms. */
const MAX_WAIT_MS = 10_000;

/** Time for a worker to start and then answer, in ms. On a busy machine, the start alone took 20 s. */
const START_TIMEOUT_MS = 60_000;

/** All orders of this file. The last test checks them together, so it waits only once for the interrupted emails. */
const placedIds: string[] = [];

const move = (id: string, status: Status): Promise<Answer> =>
  shop.requestUntilKnown('POST', `/v1/orders/${id}/status`, { as: shop.manager, body: { status } }, START_TIMEOUT_MS);

async function placed(): Promise<string> {
  const answer = await shop.place({ body: { lines: [await shop.line('Tea')] } });
  expect(answer.status).toBe(201);
  placedIds.push(answer.body.id);
  return answer.body.id;
}

/** The emails sent by the time a worker was killed. */
interface Life {
  /** The number of emails that had arrived. */
  arrived: number;
  /** The emails recorded as sent. They must not be sent again. */
  recorded: Set<string>;
}
const lives: Life[] = [];

/** Kills the worker with SIGKILL and returns the emails sent by then. */
async function killWorker(): Promise<void> {
  await shop.worker!.kill();
  heldEmails.release();
  await shop.smtp.settled();
  const sent = await shop.database('deliveries').where({ channel: 'email', outcome: 'sent' });
  const recorded = new Set(
    sent.map(({ event_id, recipient }) => `${event_id} ${addresses[recipient as keyof typeof addresses]}`),
  );
  lives.push({ arrived: shop.smtp.arrivals.length, recorded });
}

/** Starts a worker. Returns a function that returns the time since it is ready, in ms. */
async function newWorker(): Promise<() => number> {
  await shop.worker!.start();
  const ready = performance.now();
  return () => performance.now() - ready;
}

/** Checks that a worker sends each email at most once, never after it is recorded, and that all arrive in the end. */
function expectEmailedAsPromised(): void {
  const mails = shop.smtp.arrivals.map(({ mail, to }) => `${mail.headers.get('x-crema-event-id')} ${to.join()}`);
  let from = 0;
  const recorded = new Set<string>();
  for (const life of [...lives, { arrived: mails.length, recorded: new Set<string>() }]) {
    const during = mails.slice(from, life.arrived);
    expect(during.length).toBe(new Set(during).size);
    expect(during.filter((mail) => recorded.has(mail))).toEqual([]);
    for (const mail of life.recorded) recorded.add(mail);
    from = life.arrived;
  }
}

test('answers the next change in time after the worker was killed during an update', async () => {
  const id = await placed();
  expect((await move(id, 'preparation')).status).toBe(200);
  await expectAllIntact(shop, [id]);

  // A frozen worker receives the update's task and never answers it.
  await shop.worker!.kill('SIGSTOP');
  const update = move(id, 'ready');
  await waitFor('The update at the worker', () => isBusy(id), waitOptions);
  await killWorker();
  const since = await newWorker();

  expect((await update).body).toMatchObject({ status: 'ready', version: 3 });
  expect(since()).toBeLessThan(MAX_WAIT_MS);
  expect((await move(id, 'delivered')).body).toMatchObject({ status: 'delivered', version: 4 });
  expect(since()).toBeLessThan(MAX_WAIT_MS);
}, 300_000);

/** Returns whether a worker has a task of this order. */
async function isBusy(id: string): Promise<boolean> {
  const { raw } = await shop.workflow(id).describe();
  return Boolean(raw.pendingWorkflowTask?.startedTime);
}

/** Starts a new worker, and moves an order in preparation to ready in time. */
async function continuesWithNewWorker(id: string): Promise<void> {
  const since = await newWorker();
  expect((await move(id, 'ready')).body).toMatchObject({ status: 'ready', version: 3 });
  expect(since()).toBeLessThan(MAX_WAIT_MS);
}

test('answers the next change in time after the worker was killed during an email', async () => {
  heldEmails.hold();
  const id = await placed();
  expect((await move(id, 'preparation')).status).toBe(200);
  await waitFor('The emails under way', () => heldEmails.waiting() > 0, waitOptions);

  await killWorker();
  await continuesWithNewWorker(id);
}, 300_000);

test('answers the next change in time after the worker was killed during a journal write', async () => {
  const id = await placed();
  await expectAllIntact(shop, [id]);
  const lock = await shop.database.transaction();
  await lock.raw('LOCK TABLE orders IN EXCLUSIVE MODE');
  await shop.workflow(id).signal('changeStatus', { status: 'preparation' });
  const writing = () => lockWaits(shop.database).where({ application_name: 'crema-worker' });
  await waitFor('The worker at its journal', async () => (await writing()).length > 0, waitOptions);

  await killWorker();
  await lock.rollback();
  await continuesWithNewWorker(id);
}, 300_000);

test('all orders continue after the worker was killed while many were between two tasks', async () => {
  const ids = await Promise.all(Array.from({ length: 24 }, placed));
  await Promise.all(ids.map((id, index) => (index % 2 ? move(id, 'preparation') : undefined)));

  await killWorker();
  // The requests are sent while no worker runs, and again to the new worker. One task may therefore contain more events than the
  // same task in a replay.
  const answers = Promise.all(ids.map((id, index) => move(id, index % 2 ? 'ready' : 'preparation')));
  await delay(3_000);
  const since = await newWorker();

  for (const { status } of await answers) expect(status).toBe(200);
  expect(since()).toBeLessThan(MAX_WAIT_MS);
}, 300_000);

test('all orders continue in time when the worker is killed four times during changes', async () => {
  const stop = new AbortController();
  const changed = new EventTarget();
  const ids = await Promise.all(Array.from({ length: 5 }, placed));
  const versions = new Map(ids.map((id) => [id, 1]));
  const streams = Promise.all(
    ids.map(async (id) => {
      while (!stop.signal.aborted) {
        const version = versions.get(id)! + 1;
        const status = version % 2 ? 'waiting' : 'preparation';
        expect((await move(id, status)).body).toMatchObject({ status, version });
        versions.set(id, version);
        changed.dispatchEvent(new Event('change'));
      }
    }),
  );
  streams.catch(() => changed.dispatchEvent(new Event('change')));

  try {
    for (let kills = 0; kills < 4; kills += 1) {
      // Kills the worker during the others' changes, each time at another moment.
      for (let changes = 0; changes < 5 + kills * 7; changes += 1) await once(changed as never, 'change');
      await killWorker();
      const since = await newWorker();
      const before = new Map(versions);
      const isChanged = (id: string) => versions.get(id)! > before.get(id)!;
      await Promise.race([streams, waitFor('A change of every order', () => ids.every(isChanged), waitOptions)]);
      expect(since()).toBeLessThan(MAX_WAIT_MS);
    }
  } finally {
    stop.abort();
    // The changes must end before the next test.
    await streams.catch(() => undefined);
  }
  await streams;

  const decided = await Promise.all(ids.map((id) => shop.workflow(id).query(getOrderQuery)));
  for (const { id, version } of decided) expect(version).toBe(versions.get(id));
}, 300_000);

test('after all kills, each change and email happened once and all histories replay', async () => {
  expect(placedIds.length).toBeGreaterThan(30);
  await expectAllIntact(shop, placedIds);
  expectEmailedAsPromised();
  expect(await replayAll(shop)).toBe(placedIds.length);
}, 300_000);
