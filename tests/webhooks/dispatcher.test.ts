import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { createMailer } from '../../activities/email/transport/mailer.ts';
import { createWebhookNotice } from '../../activities/webhooks/notice.ts';
import { createLogger } from '../../config/logger.ts';
import { createEventLog } from '../../db/event-log.ts';
import { createWebhookDeliveryRepository } from '../../db/webhook-deliveries.ts';
import { createWebhookOutbox } from '../../db/webhook-outbox.ts';
import { createWebhookRepository } from '../../db/webhooks.ts';
import { waitFor } from '../../stack/wait.ts';
import { startWebhookDispatcher, type WebhookDispatcher } from '../../worker/webhook-dispatcher.ts';
import { webhookNoticeIdOf } from '../../workflows/messages/webhooks.ts';
import type { PayloadKey } from '../../workflows/payloads/codec.ts';
import { createSeal } from '../../workflows/payloads/seal.ts';
import { smtpError, startSmtp } from '../email/mail-servers.ts';
import { openShop, type Shop } from '../shop.ts';
import { webhooksOf } from './manager.ts';
import { startReceiver } from './receiver.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop({ worker: false, environment: { WEBHOOK_RETRY_AFTER: '1' } });
}, 60_000);
afterAll(() => shop?.close(), 60_000);

const manager = webhooksOf(() => shop);
const PATIENCE = { deadline: 25_000 };
const DAY_MS = 24 * 60 * 60 * 1_000;
const key = (id: string) => ({ id, key: createSecretKey(randomBytes(32)) });

/** A dispatcher in this very process, on the shop's real Temporal. @param before sees each workflow that is about to be started */
function dispatch({
  before,
  keys = [],
}: {
  before?: (workflowId: string) => void;
  keys?: PayloadKey[];
}): WebhookDispatcher {
  const { database, temporal, environment } = shop;
  const start: Client['workflow']['start'] = async (type, options) => {
    before?.(options.workflowId);
    return temporal.workflow.start(type, options);
  };
  const client = { withDeadline: temporal.withDeadline.bind(temporal), workflow: { start } } as Client;
  return startWebhookDispatcher(
    {
      client,
      log: createEventLog(database),
      outbox: createWebhookOutbox(database),
      deliveries: createWebhookDeliveryRepository(database),
      webhooks: createWebhookRepository(database),
      seal: createSeal(keys),
      logger: createLogger('test', 'silent'),
    },
    {
      taskQueue: environment.TEMPORAL_TASK_QUEUE as string,
      retry: { first: 1_000, longest: 10_000, limit: 60_000 },
      keepFor: 30 * DAY_MS,
    },
  );
}

const unstarted = async () => (await shop.database('webhook_deliveries').whereNull('started_at')).length;

async function atTheEnd(): Promise<boolean> {
  const { position } = await shop.database('webhook_cursor').first('position');
  return position === (await createEventLog(shop.database).end()) && (await unstarted()) === 0;
}

test('When several dispatchers run and Temporal fails now and then, then every event is started for every webhook, in order', async () => {
  const webhooks = [await manager.register('http://127.0.0.1:9999/'), await manager.register('http://127.0.0.1:9999/')];
  const orders: string[] = [];
  for (let index = 0; index < 12; index += 1) orders.push((await shop.place()).body.id);
  const started: string[] = [];
  let calls = 0;
  const before = (workflowId: string) => {
    calls += 1;
    if (calls % 9 === 0) throw new Error('Temporal is away');
    started.push(workflowId);
  };

  const dispatchers = [dispatch({ before }), dispatch({ before })];
  await waitFor('the end of the log', atTheEnd, PATIENCE);
  for (let index = 0; index < 3; index += 1) orders.push((await shop.place()).body.id);
  for (const dispatcher of dispatchers) dispatcher.wake();
  await waitFor('the end of the log', atTheEnd, PATIENCE);
  await Promise.all(dispatchers.map((dispatcher) => dispatcher.stop()));

  for (const { id } of webhooks) {
    const ofThis = [...new Set(started.filter((workflowId) => workflowId.includes(id)))];
    expect(ofThis).toEqual(orders.map((order) => `webhook-${id}-${order}:1`));
    const rows = await shop.database('webhook_deliveries').where({ webhook_id: id }).orderBy('seq').pluck('event_id');
    expect(rows).toEqual(orders.map((order) => `${order}:1`));
    const handle = shop.temporal.workflow.getHandle(ofThis[0]!);
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await manager.ask('DELETE', `/${id}`);
  }
}, 60_000);

test('When deliveries are old, then they are forgotten; and secrets are sealed with today’s key', async () => {
  const { id, secret } = await manager.register('http://127.0.0.1:9999/');
  await manager.ask('POST', `/${id}/rotate`);
  const row = { webhook_id: id, event_id: 'e', type: 'webhook.test', again: true, started_at: new Date() };
  const [old, young] = [31, 29].map((days) => ({
    ...row,
    id: randomUUID(),
    created_at: new Date(Date.now() - days * DAY_MS),
  }));
  await shop.database('webhook_deliveries').insert([old, young]);
  await shop.database('webhook_attempts').insert({ delivery_id: old!.id, at: new Date(), duration: 1 });
  const keys = [key('new'), key('old')];
  const today = createSeal(keys);
  const sealed = async (): Promise<Buffer> => (await shop.database('webhooks').where({ id }).first()).old_secret;
  const isStale = async () => today.isStale(await sealed());
  expect(await isStale()).toBe(true);

  const dispatcher = dispatch({ keys });
  await waitFor('the seal', async () => !(await isStale()), PATIENCE);
  await dispatcher.stop();

  expect((await sealed()).includes(secret)).toBe(false);
  expect(await today.unseal(await sealed())).toBe(secret);
  expect(createSeal(keys.toReversed()).isStale(await sealed())).toBe(true);
  await expect(createSeal([key('another')]).unseal(await sealed())).rejects.toThrow('add it to PAYLOAD_KEYS');
  expect(await shop.database('webhook_deliveries').where({ webhook_id: id }).pluck('id')).toEqual([young!.id]);
  expect(await shop.database('webhook_attempts').where({ delivery_id: old!.id })).toEqual([]);
  await manager.ask('DELETE', `/${id}`);
});

describe('When a webhook was disabled because it failed', () => {
  const failing = { disabled_reason: 'failing', disabled_at: new Date(), notice_due: true, version: 2 };

  test('then one workflow tells the shop, whoever starts it', async () => {
    const { id } = await manager.register('http://127.0.0.1:9999/');
    await shop.database('webhooks').where({ id }).update(failing);
    let failed = false;
    const before = () => {
      if (!failed) {
        failed = true;
        throw new Error('Temporal is away');
      }
    };

    const dispatcher = dispatch({ before });
    const due = () => shop.database('webhooks').where({ id, notice_due: true });
    await waitFor('the notice', async () => (await due()).length === 0, PATIENCE);
    await dispatcher.stop();

    const handle = shop.temporal.workflow.getHandle(webhookNoticeIdOf(id, 2));
    expect((await handle.describe()).status.name).toBe('RUNNING');
    await manager.ask('DELETE', `/${id}`);
  });

  test('then the mail goes out unless it is refused, or nobody needs it any more', async () => {
    let answer: Error | null = null;
    const smtp = await startSmtp({ onRcptTo: (_address, _session, done) => done(answer) });
    const mailer = createMailer({
      NOTIFICATIONS_ENV: 'development',
      SMTP_URL: smtp.url,
      EMAIL_FROM: 'crema@example.com',
    });
    const webhooks = createWebhookRepository(shop.database);
    const tell = createWebhookNotice({ webhooks, mailer, ordersEmail: 'shop@crema.example' });
    const { id } = await manager.register('http://127.0.0.1:9999/?token=letmein');
    expect(await tell(id)).toBe('unneeded');
    await shop.database('webhooks').where({ id }).update(failing);

    expect(await tell(id)).toBe('sent');
    expect(smtp.arrivals[0]).toMatchObject({ to: ['shop@crema.example'] });
    expect(smtp.arrivals[0]!.mail.subject).toBe('The webhook “127.0.0.1:9999” is disabled');
    expect(smtp.arrivals[0]!.raw.toString()).not.toContain('letmein');
    answer = smtpError(550, 'nobody here');
    expect(await tell(id)).toBe('refused');
    answer = smtpError(451, 'later');
    await expect(tell(id)).rejects.toThrow('later');
    await manager.ask('DELETE', `/${id}`);
    expect(await tell(id)).toBe('unneeded');
    mailer.close();
    await smtp.close();
  });
});

test('When the worker dies in the middle, then what it has not delivered the next one delivers', async () => {
  const receiver = await startReceiver((response) => void setTimeout(() => response.writeHead(204).end(), 100));
  await manager.register(receiver.url, { events: ['order.placed'] });
  await shop.openWorker();
  const orders: string[] = [];
  for (let index = 0; index < 10; index += 1) orders.push((await shop.place()).body.id);
  await receiver.hears(2);

  await shop.worker!.kill();
  for (let index = 0; index < 3; index += 1) orders.push((await shop.place()).body.id);
  await shop.worker!.start();

  const all = orders.map((order) => `${order}:1`).toSorted();
  const heard = () => [...new Set(receiver.received.map(({ event }) => event.id))].toSorted();
  await waitFor('everything', () => heard().length >= all.length, { deadline: 90_000 });
  expect(heard()).toEqual(all);
  await receiver.close();
}, 120_000);
