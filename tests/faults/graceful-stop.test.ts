import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { waitFor } from '../../stack/wait.ts';
import { openSocket } from '../http/raw-socket.ts';
import { lockWaits } from '../lock-waits.ts';
import { openShop, type Shop } from '../shop.ts';
import { expectIntact, replayAll } from './aftermath.ts';
import { createHeldEmails } from './held-emails.ts';

const heldEmails = createHeldEmails();
let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ smtp: heldEmails.smtp });
}, 60_000);
afterAll(() => shop?.close(), 60_000);

const waitOptions = { deadline: 20_000, every: 20 };
const exitOf = (pid: number) => shop.exits.find((exit) => exit.pid === pid);

/**
 * Places an order and delivers it. Temporal sometimes gives a task to a worker that has just stopped polling, and notices that
 * only after 4 s: the API answers 503, and a retry must succeed.
 */
async function deliveredOrder(): Promise<string> {
  const { status, body } = await shop.place();
  expect(status).toBe(201);
  for (const next of ['preparation', 'ready', 'delivered'] as const) {
    const moved = await shop.move(body.id, next);
    expect([moved.status, moved.body.status]).toEqual([200, next]);
  }
  return body.id;
}

test('moves work from a stopped worker to another without loss or repetition', async () => {
  const old = shop.worker!;
  await shop.openWorker();
  // Held whole, because a first attempt waits only three seconds for the server to take the email.
  heldEmails.hold('whole email');
  let mailing = '';
  await waitFor(
    'An email under way at the old worker',
    async () => {
      mailing = (await shop.place()).body.id;
      await waitFor('The emails', async () => (await senderOf(mailing)) !== undefined, waitOptions);
      return (await senderOf(mailing)) === old.pid;
    },
    waitOptions,
  );
  const traffic = Promise.all(Array.from({ length: 8 }, deliveredOrder));

  process.kill(old.pid, 'SIGTERM');
  await waitFor('The old worker to begin its stop', async () => !(await healthy(old.url)), waitOptions);
  heldEmails.release();

  for (const id of await traffic) expect(await expectIntact(shop, id)).toMatchObject({ status: 'delivered' });
  await waitFor('The end of the old worker', () => exitOf(old.pid) !== undefined, waitOptions);
  expect(exitOf(old.pid)).toMatchObject({ code: 0, signal: null });
  await expectIntact(shop, mailing);
  const attempts = await shop.database('deliveries').where({ order_id: mailing, channel: 'email' }).pluck('attempt');
  expect(attempts).toEqual([1, 1]);
}, 60_000);

/** Returns the process id of the worker that is sending the first emails about an order. */
async function senderOf(id: string): Promise<number | undefined> {
  const { raw } = await shop.workflow(id).describe();
  const mailing = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'announce');
  return mailing?.lastWorkerIdentity ? Number.parseInt(mailing.lastWorkerIdentity, 10) : undefined;
}

async function healthy(url: string): Promise<boolean> {
  return (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok ?? false;
}

test('answers requests in progress and on open connections before the API stops', async () => {
  const { pid } = shop.api;
  const lock = await shop.database.transaction();
  await lock.raw('LOCK TABLE orders IN EXCLUSIVE MODE');
  const requests = [shop.place(), shop.place()];
  const waiting = () => lockWaits(shop.database).where({ application_name: 'crema-api' });
  await waitFor('Two requests under way', async () => (await waiting()).length === 2, waitOptions);
  const [late, silent] = [openSocket(shop), openSocket(shop)];
  await Promise.all([once(late, 'connect'), once(silent, 'connect')]);

  process.kill(pid, 'SIGTERM');
  await waitFor('The API to begin its stop', async () => !(await takesConnections()), { ...waitOptions, every: 10 });
  late.write('GET /health/live HTTP/1.1\r\nHost: shop\r\n\r\n');
  await lock.rollback();

  expect(await text(late)).toMatch(/^HTTP\/1.1 200 OK\r\n(.+\r\n)*connection: close\r\n/i);
  expect(await text(silent)).toBe('');
  for (const { status, body } of await Promise.all(requests)) {
    expect([status, body.status]).toEqual([201, 'waiting']);
    await expectIntact(shop, body.id);
  }
  // The API closes idle connections by force only after this deadline.
  await waitFor('The end of the API', () => exitOf(pid) !== undefined, { deadline: 8_000 });
  expect(exitOf(pid)).toMatchObject({ code: 0, signal: null });
}, 60_000);

async function takesConnections(): Promise<boolean> {
  const socket = openSocket(shop);
  const taken = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return taken;
}

test('replays every history of this file', async () => {
  expect(await replayAll(shop)).toBeGreaterThanOrEqual(11);
}, 60_000);
