import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, WorkflowStartOptions } from '@temporalio/client';
import { createMailer } from '../../activities/email/mailer.ts';
import { createWebhookNotice } from '../../activities/webhook-notice.ts';
import { createLogger } from '../../config/logger.ts';
import { createEmailSuppressions } from '../../db/email-suppressions.ts';
import { createEventLog } from '../../db/event-log.ts';
import { createWebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import { createWebhookOutbox } from '../../db/webhook-outbox.ts';
import { createWebhookRepository } from '../../db/webhooks.ts';
import { waitFor } from '../../stack/wait.ts';
import { createAttemptDelivery } from '../../webhooks/attempt-delivery.ts';
import { createEndpointQueues } from '../../webhooks/endpoint-queues.ts';
import { createSeal } from '../../webhooks/secret-seal.ts';
import { createSender } from '../../webhooks/sender.ts';
import { startWebhookDispatcher } from '../../worker/webhooks/dispatcher.ts';
import { webhookNoticeIdOf } from '../../workflows/messages/webhooks.ts';
import type { PayloadKey } from '../../workflows/payloads/codec.ts';
import { smtpError, startSmtp } from '../email/mail-servers.ts';
import { openShop, type Shop } from '../shop.ts';
import { webhooksOf } from './manager.ts';
import { createReceivers } from './receiver.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false, environment: { WEBHOOK_RETRY_AFTER: '1' } });
}, 60_000);
afterAll(() => shop?.close(), 60_000);

const { listen, closeAll } = createReceivers();
const dispatchers: { stop(): Promise<void> }[] = [];
afterEach(async () => {
  // Attempts end with their receivers, and dispatchers with their attempts.
  await closeAll();
  await Promise.all(dispatchers.splice(0).map((dispatcher) => dispatcher.stop()));
});

const manager = webhooksOf(() => shop);
const TIMEOUT = { deadline: 25_000 };
const DAY_MS = 24 * 60 * 60 * 1_000;
const CONCURRENCY = 4;
const key = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });

/** Starts a dispatcher in this process, with the shop's Temporal. @param before called before each start of a workflow */
function dispatch({
  before,
  keys = [],
}: {
  before?: (workflowId: string, options: WorkflowStartOptions) => void;
  keys?: PayloadKey[];
}) {
  const { database, temporal, environment } = shop;
  const start: Client['workflow']['start'] = async (type, options) => {
    before?.(options.workflowId, options);
    return temporal.workflow.start(type, options);
  };
  const client = { withDeadline: temporal.withDeadline.bind(temporal), workflow: { start } } as Client;
  const deliveries = createWebhookDeliveryRepository(database);
  const logger = createLogger('test', 'silent');
  const seal = createSeal(keys);
  const retry = { first: 1_000, longest: 10_000, limit: 60_000 };
  const addressesOf = async () => [{ address: '127.0.0.1', family: 4 } as const];
  const send = createSender({ addressesOf, timeout: 2 * TIMEOUT.deadline });
  const attemptDelivery = createAttemptDelivery({
    deliveries,
    send,
    unseal: seal.unseal,
    publicUrl: 'https://shop.example',
    disableAfter: DAY_MS,
    logger,
  });
  const dispatcher = startWebhookDispatcher(
    {
      client,
      log: createEventLog(database),
      outbox: createWebhookOutbox(database),
      deliveries,
      webhooks: createWebhookRepository(database),
      attemptDelivery,
      endpointQueues: createEndpointQueues(CONCURRENCY),
      seal,
      logger,
    },
    { instance: 'test', taskQueue: environment.TEMPORAL_TASK_QUEUE as string, retry, keepFor: 30 * DAY_MS },
  );
  dispatchers.push(dispatcher);
  return dispatcher;
}

const unstarted = async () => (await shop.database('webhook_deliveries').whereNull('started_at')).length;

async function atTheEnd(): Promise<boolean> {
  const { position } = await shop.database('webhook_cursor').first('position');
  const { end } = await createEventLog(shop.database).read(position, { limit: 0 });
  return position === end && (await unstarted()) === 0;
}

test('several dispatchers deliver every event to every webhook, in the order of the log', async () => {
  const webhooks = [await manager.register('http://127.0.0.1:9999/'), await manager.register('http://127.0.0.1:9999/')];
  const orders: string[] = [];
  for (let index = 0; index < 12; index += 1) orders.push((await shop.place()).body.id);
  const started: string[] = [];
  let calls = 0;
  const before = (workflowId: string) => {
    calls += 1;
    if (calls % 9 === 0) throw new Error('Temporal is unavailable');
    started.push(workflowId);
  };

  const dispatchers = [dispatch({ before }), dispatch({ before })];
  await waitFor('the end of the log', atTheEnd, TIMEOUT);
  for (let index = 0; index < 3; index += 1) orders.push((await shop.place()).body.id);
  for (const dispatcher of dispatchers) dispatcher.wake();
  await waitFor('the end of the log', atTheEnd, TIMEOUT);
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));

  for (const { id } of webhooks) {
    const ofThis = [...new Set(started.filter((workflowId) => workflowId.includes(id)))];
    expect(ofThis.toSorted()).toEqual(orders.map((order) => `webhook-${id}-${order}:1`).toSorted());
    const rows = await shop.database('webhook_deliveries').where({ webhook_id: id }).orderBy('seq').pluck('event_id');
    expect(rows).toEqual(orders.map((order) => `${order}:1`));
    const handle = shop.temporal.workflow.getHandle(ofThis[0]!);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await manager.ask('DELETE', `/${id}`);
  }
}, 60_000);

/** Adds deliveries to a webhook, as managers request them. */
const requestDeliveries = (webhookId: string, count: number) =>
  shop.database('webhook_deliveries').insert(
    Array.from({ length: count }, () => {
      const id = randomUUID();
      return { id, webhook_id: webhookId, event_id: id, type: 'webhook.test', again: true };
    }),
  );

const outcomes = (webhookId: string): Promise<string[]> =>
  shop.database('webhook_deliveries').where({ webhook_id: webhookId }).orderBy('seq').pluck('outcome');

const count = async (webhookId: string, outcome: string) =>
  (await outcomes(webhookId)).filter((each) => each === outcome).length;

describe('first attempts', () => {
  test('that succeed are recorded and need no workflow', async () => {
    // Slow enough for several rounds.
    const answer = (response: ServerResponse) => response.writeHead(200).end('tha"nks\\, {all}');
    const receiver = await listen((response) => void setTimeout(() => answer(response), 60));
    const { id } = await manager.register(receiver.url, { events: ['order.uncollected'] });
    await requestDeliveries(id, 130);
    const started: string[] = [];

    const dispatcher = dispatch({ before: (workflowId) => started.push(workflowId) });
    await waitFor('all', async () => (await count(id, 'delivered')) === 130, TIMEOUT);
    await dispatcher.stop();

    expect([started, receiver.received.length, await unstarted()]).toEqual([[], 130, 0]);
    expect(await manager.settled(id, 'delivered')).toMatchObject({
      attempts: 1,
      settledAt: expect.any(String),
      lastAttempts: [{ status: 200, error: null, response: 'tha"nks\\, {all}' }],
    });
    expect(await shop.database('webhook_attempts').count().first()).toEqual({ count: 130 });
    await manager.ask('DELETE', `/${id}`);
  }, 60_000);

  test('are not made for disabled webhooks', async () => {
    const receiver = await listen();
    const [enabled, disabled] = [await manager.register(receiver.url), await manager.register(receiver.url)];
    for (const { id } of [enabled, disabled]) await requestDeliveries(id, 2);
    await shop
      .database('webhooks')
      .where({ id: disabled.id })
      .update({ disabled_reason: 'manager', disabled_at: new Date() });

    const dispatcher = dispatch({ before: () => undefined });
    await waitFor('both', async () => (await unstarted()) === 0, TIMEOUT);
    await dispatcher.stop();

    expect(await outcomes(disabled.id)).toEqual(['dropped', 'dropped']);
    expect(await outcomes(enabled.id)).toEqual(['delivered', 'delivered']);
    expect(receiver.received).toHaveLength(2);
    for (const { id } of [enabled, disabled]) await manager.ask('DELETE', `/${id}`);
  });

  test('at a slow endpoint delay no other endpoint, and are made once', async () => {
    const held: (() => void)[] = [];
    const slow = await listen((response) => void held.push(() => response.writeHead(204).end()));
    const quick = await listen();
    const [one, other] = [await manager.register(slow.url), await manager.register(quick.url)];
    await requestDeliveries(one.id, 10);
    await requestDeliveries(other.id, 10);
    const started: string[] = [];

    const dispatcher = dispatch({ before: (workflowId) => started.push(workflowId) });
    await waitFor('the quick one', async () => (await count(other.id, 'delivered')) === 10, TIMEOUT);
    await slow.waitForRequests(CONCURRENCY);

    expect(await outcomes(one.id)).toEqual(Array(10).fill('pending'));
    expect([slow.received.length, quick.received.length]).toEqual([CONCURRENCY, 10]);
    slow.behaviour = 204;
    for (const answer of held) answer();
    await waitFor('the slow one', async () => (await count(one.id, 'delivered')) === 10, TIMEOUT);
    await dispatcher.stop();
    expect([slow.received.length, quick.received.length, await unstarted(), started]).toEqual([10, 10, 0, []]);
    for (const { id } of [one, other]) await manager.ask('DELETE', `/${id}`);
  }, 60_000);

  test('that fail are not repeated while Temporal is unavailable', async () => {
    const receiver = await listen(500);
    const { id } = await manager.register(receiver.url);
    await requestDeliveries(id, 3);
    const pauses: unknown[] = [];
    let refused = 0;
    const before = (_: string, { startDelay }: WorkflowStartOptions) => {
      refused += 1;
      if (refused <= 4) throw new Error('Temporal is unavailable');
      pauses.push(startDelay);
    };

    const dispatcher = dispatch({ before });
    await waitFor('workflows', async () => (await unstarted()) === 0, TIMEOUT);
    await dispatcher.stop();

    expect([receiver.received.length, pauses.length]).toEqual([3, 3]);
    for (const pause of pauses) expect(pause).toBeGreaterThan(0);
    await manager.ask('DELETE', `/${id}`);
  }, 60_000);

  test('that a stopped dispatcher has not begun are made by the next one', async () => {
    const held: (() => void)[] = [];
    const receiver = await listen((response) => void held.push(() => response.writeHead(204).end()));
    const { id } = await manager.register(receiver.url);
    await requestDeliveries(id, 10);
    const started: string[] = [];
    const before = (workflowId: string) => started.push(workflowId);

    const first = dispatch({ before });
    await receiver.waitForRequests(CONCURRENCY);
    const stopped = first.stop();
    for (const answer of held) answer();
    await stopped;

    expect([await count(id, 'delivered'), await unstarted(), started]).toEqual([CONCURRENCY, 10 - CONCURRENCY, []]);
    receiver.behaviour = 204;
    const next = dispatch({ before });
    await waitFor('the rest', async () => (await count(id, 'delivered')) === 10, TIMEOUT);
    await next.stop();
    expect([receiver.received.length, started]).toEqual([10, []]);
    await manager.ask('DELETE', `/${id}`);
  }, 60_000);

  test('that fail get a workflow, which starts after the pause of Retry-After', async () => {
    const receiver = await listen((response) => response.writeHead(503, { 'retry-after': '7' }).end());
    const { id } = await manager.register(receiver.url);
    await requestDeliveries(id, 30);
    const pauses: unknown[] = [];

    const dispatcher = dispatch({ before: (_, { startDelay }) => pauses.push(startDelay) });
    await waitFor('workflows', async () => (await unstarted()) === 0, TIMEOUT);
    await dispatcher.stop();

    expect(pauses).toHaveLength(30);
    expect(receiver.received).toHaveLength(30);
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(7_000);
    await manager.ask('DELETE', `/${id}`);
  }, 60_000);

  test('that could not be recorded are repeated', async () => {
    const receiver = await listen();
    const { id } = await manager.register(receiver.url);
    await shop.database.raw('ALTER TABLE webhook_attempts ADD CONSTRAINT nothing CHECK (false) NOT VALID');
    await requestDeliveries(id, 1);

    const dispatcher = dispatch({});
    const [first, again] = (await receiver.waitForRequests(2)).map(({ headers, body }) => [
      headers['webhook-id'],
      body,
    ]);
    expect(again).toEqual(first);

    await shop.database.raw('ALTER TABLE webhook_attempts DROP CONSTRAINT nothing');
    await waitFor('the record', async () => (await count(id, 'delivered')) === 1, TIMEOUT);
    await dispatcher.stop();
    await manager.ask('DELETE', `/${id}`);
  }, 60_000);
});

test('takes over from a frozen dispatcher when its lease expires, not before', async () => {
  const { id } = await manager.register('http://127.0.0.1:9999/');
  await shop.place();
  const lease = { leased_to: 'frozen', leased_until: new Date(Date.now() + 2_000) };
  await shop.database('webhook_cursor').update(lease);
  const dispatcher = dispatch({});
  await waitFor('the end of the log', atTheEnd, TIMEOUT);
  const { now } = (await shop.database.raw('SELECT now()')).rows[0];
  expect(now.getTime()).toBeGreaterThanOrEqual(lease.leased_until.getTime());
  await dispatcher.check();
  await dispatcher.stop();
  const { leased_until } = await shop.database('webhook_cursor').first('leased_until');
  expect(leased_until).toBeNull();
  await manager.ask('DELETE', `/${id}`);
});

test('does not renew its lease in every round', async () => {
  const dispatcher = dispatch({});
  const leases = new Set<number>();
  for (let round = 0; round < 10; round += 1) {
    dispatcher.wake();
    await delay(100);
    const { leased_until } = await shop.database('webhook_cursor').first('leased_until');
    leases.add(Number(leased_until));
  }
  await dispatcher.stop();
  expect(leases.size).toBeLessThan(5);
});

test('deletes deliveries after 30 days, with their attempts', async () => {
  const { id } = await manager.register('http://127.0.0.1:9999/');
  const row = { webhook_id: id, event_id: 'e', type: 'webhook.test', again: true, started_at: new Date() };
  const [old, young] = [31, 29].map((days) => ({
    ...row,
    id: randomUUID(),
    created_at: new Date(Date.now() - days * DAY_MS),
  }));
  await shop.database('webhook_deliveries').insert([old, young]);
  await shop.database('webhook_attempts').insert({ delivery_id: old!.id, at: new Date(), duration: 1 });
  const kept = () => shop.database('webhook_deliveries').where({ webhook_id: id }).pluck('id');

  const dispatcher = dispatch({});
  await waitFor('the deletion', async () => (await kept()).length === 1, TIMEOUT);
  await dispatcher.stop();

  expect(await kept()).toEqual([young!.id]);
  expect(await shop.database('webhook_attempts').where({ delivery_id: old!.id })).toEqual([]);
  await manager.ask('DELETE', `/${id}`);
});

test('encrypts secrets with the current key and keeps unreadable ones', async () => {
  const unreadable = await manager.register('http://127.0.0.1:9999/');
  const lost = { secret: await createSeal([key('lost')]).seal('whsec_') };
  await shop.database('webhooks').where({ id: unreadable.id }).update(lost);
  const { id, secret } = await manager.register('http://127.0.0.1:9999/');
  await manager.ask('POST', `/${id}/rotate`);
  const keys = [key('new'), key('old')];
  const current = createSeal(keys);
  const sealed = async (): Promise<Buffer> => (await shop.database('webhooks').where({ id }).first()).old_secret;
  const isStale = async () => current.isStale(await sealed());
  expect(await isStale()).toBe(true);

  const dispatcher = dispatch({ keys });
  await waitFor('the seal', async () => !(await isStale()), TIMEOUT);
  await dispatcher.stop();

  expect((await sealed()).includes(secret)).toBe(false);
  expect(await current.unseal(await sealed())).toBe(secret);
  expect(createSeal(keys.toReversed()).isStale(await sealed())).toBe(true);
  await expect(createSeal([key('another')]).unseal(await sealed())).rejects.toThrow('add it to PAYLOAD_KEYS');
  expect(await shop.database('webhooks').where({ id: unreadable.id }).first()).toMatchObject(lost);
  for (const each of [id, unreadable.id]) await manager.ask('DELETE', `/${each}`);
});

describe('a webhook disabled because it failed', () => {
  const failing = { disabled_reason: 'failing', disabled_at: new Date(), notice_due: true, version: 2 };

  test('gets one workflow that notifies the shop', async () => {
    const { id } = await manager.register('http://127.0.0.1:9999/');
    await shop.database('webhooks').where({ id }).update(failing);
    let failed = false;
    const before = () => {
      if (!failed) {
        failed = true;
        throw new Error('Temporal is unavailable');
      }
    };

    const dispatcher = dispatch({ before });
    const due = () => shop.database('webhooks').where({ id, notice_due: true });
    await waitFor('the notice', async () => (await due()).length === 0, TIMEOUT);
    await dispatcher.stop();

    const handle = shop.temporal.workflow.getHandle(webhookNoticeIdOf(id, 2));
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await manager.ask('DELETE', `/${id}`);
  });

  test('is reported by email while it is disabled', async () => {
    let answer: Error | null = null;
    const smtp = await startSmtp({ onRcptTo: (_address, _session, done) => done(answer) });
    const mailer = createMailer({
      NOTIFICATIONS_ENV: 'development',
      SMTP_URL: smtp.url,
      EMAIL_FROM: 'crema@example.com',
    });
    const webhooks = createWebhookRepository(shop.database);
    const suppressions = createEmailSuppressions(shop.database);
    const options = { ordersEmail: 'shop@crema.example', shopLanguage: 'en', shopName: 'Crema', timeZone: 'UTC' };
    const notify = createWebhookNotice({ webhooks, suppressions, mailer, ...options });
    const { id } = await manager.register('http://127.0.0.1:9999/?token=letmein');
    expect(await notify(id)).toBe('unneeded');
    await shop.database('webhooks').where({ id }).update(failing);

    expect(await notify(id)).toBe('sent');
    expect(smtp.arrivals[0]).toMatchObject({ to: ['shop@crema.example'] });
    expect(smtp.arrivals[0]!.mail.subject).toBe('The webhook “127.0.0.1:9999” is disabled');
    expect(smtp.arrivals[0]!.raw.toString()).not.toContain('letmein');
    answer = smtpError(550, 'no such user');
    expect(await notify(id)).toBe('refused');
    answer = smtpError(451, 'later');
    await expect(notify(id)).rejects.toThrow('451');
    await manager.ask('DELETE', `/${id}`);
    expect(await notify(id)).toBe('unneeded');
    mailer.close();
    await smtp.close();
  });
});

test('a new worker makes the deliveries that a killed one has not made', async () => {
  const receiver = await listen((response) => void setTimeout(() => response.writeHead(204).end(), 100));
  await manager.register(receiver.url, { events: ['order.placed'] });
  await shop.openWorker();
  const orders: string[] = [];
  for (let index = 0; index < 10; index += 1) orders.push((await shop.place()).body.id);
  await receiver.waitForRequests(2);

  await shop.worker!.kill();
  for (let index = 0; index < 3; index += 1) orders.push((await shop.place()).body.id);
  await shop.worker!.start();

  const all = orders.map((order) => `${order}:1`).toSorted();
  const deliveredIds = () => [...new Set(receiver.received.map(({ event }) => event.id))].toSorted();
  await waitFor('everything', () => deliveredIds().length >= all.length, { deadline: 90_000 });
  expect(deliveredIds()).toEqual(all);
}, 120_000);
