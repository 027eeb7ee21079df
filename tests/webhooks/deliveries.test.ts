import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError } from '@temporalio/client';
import type { Line } from '../../domain/order/order.ts';
import type { RetryPlan } from '../../domain/webhook/retry.ts';
import { waitFor } from '../../stack/wait.ts';
import { createSeal } from '../../webhooks/secret-seal.ts';
import {
  webhookDeliveryIdOf,
  webhookDeliveryWorkflowType,
  webhookTaskQueueOf,
} from '../../workflows/messages/webhooks.ts';
import { emailsTo } from '../accounts/mailbox.ts';
import { expectProblem } from '../http/problem.ts';
import { newKey } from '../security/payload-keys.ts';
import { openShop, type Shop } from '../shop.ts';
import { webhooksOf } from './manager.ts';
import { type Behaviour, createReceivers, type Received, verified } from './receiver.ts';

/** Longer than the failures of any test. */
const DISABLE_AFTER_MS = 60 * 60 * 1_000;

let shop: Shop;
const { receivers, listen, closeAll } = createReceivers();
beforeAll(async () => {
  shop = await openShop({
    environment: {
      WEBHOOK_RETRY_AFTER: '1',
      // Several tests answer an attempt late, but before this time.
      WEBHOOK_TIMEOUT: '10',
      WEBHOOK_DISABLE_AFTER: String(DISABLE_AFTER_MS / 1_000),
      WEBHOOK_RETRY_FOR: '60',
      // No server listens there. A proxy would bypass the checked addresses.
      NODE_USE_ENV_PROXY: '1',
      HTTP_PROXY: 'http://127.0.0.1:1',
    },
  });
}, 60_000);
afterAll(async () => {
  await closeAll();
  await shop?.close();
}, 60_000);

const manager = webhooksOf(() => shop);

/** Registers a webhook with its receiver. By default, it receives only tests and redeliveries. */
async function register(behaviour: Behaviour = 204, fields: object = { events: ['order.uncollected'] }) {
  const receiver = await listen(behaviour);
  return { receiver, ...(await manager.register(receiver.url, fields)) };
}

const about =
  (orderId: string) =>
  ({ event }: Received) =>
    event.subject === orderId;

/** Returns the ids of events without their order ids. */
const versions = (all: Received[]) => all.map(({ event }) => event.id.split(':').slice(1).join(':'));

/** Starts the workflow of a delivery, as the dispatcher does. */
async function startDelivery(webhookId: string, retry: RetryPlan) {
  const deliveryId = randomUUID();
  const row = { id: deliveryId, webhook_id: webhookId, event_id: deliveryId, type: 'webhook.test', again: true };
  await shop.database('webhook_deliveries').insert({ ...row, started_at: new Date() });
  return shop.temporal.workflow.start(webhookDeliveryWorkflowType, {
    workflowId: webhookDeliveryIdOf(webhookId, deliveryId),
    taskQueue: webhookTaskQueueOf(shop.environment.TEMPORAL_TASK_QUEUE as string),
    args: [{ deliveryId, webhookId, retry }],
  });
}

describe('events of an order', () => {
  test('are sent to its webhooks once, signed, in the format of Redis', async () => {
    const { receiver, secret } = await register(204, {});
    const { id } = (await shop.place()).body;
    for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);

    const requests = await receiver.waitForRequests(4, about(id));

    expect(versions(requests).toSorted()).toEqual(['1', '2', '3', '4']);
    const rows = await shop.database('order_events').where({ order_id: id }).orderBy('version');
    for (const one of requests) {
      expect(verified(one, secret)).toEqual(one.event);
      expect(one.headers['webhook-id']).toBe(one.event.id);
      expect(one.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
      const { snapshot, event } = rows.find((row) => row.id === one.event.id);
      const lines = snapshot.lines.map((line: Line) => ({ ...line, options: [], note: null }));
      const order = { ...snapshot, channel: 'online', placedBy: { type: 'customer', id: snapshot.customer.id }, lines };
      expect(one.event).toEqual({
        specversion: '1.0',
        type: event.type,
        id: event.id,
        source: 'http://localhost:5000/v1/orders',
        subject: id,
        time: event.at,
        datacontenttype: 'application/json',
        data: { order, from: event.from, to: event.to, actor: event.actor, reason: event.reason },
      });
      expect(one.event.data.order.version).toBe(event.version);
    }
    expect(() => verified(requests[0]!, `whsec_${Buffer.alloc(32).toString('base64')}`)).toThrow();
  });

  test('need no workflow if the first attempt succeeds', async () => {
    const { receiver, id: webhookId } = await register(204, { events: ['order.placed'] });
    const { id } = (await shop.place()).body;
    await receiver.waitForRequests(1, about(id));

    expect(await manager.settled(webhookId, 'delivered')).toMatchObject({ eventId: `${id}:1`, attempts: 1 });
    const handle = shop.temporal.workflow.getHandle(`webhook-${webhookId}-${id}:1`);
    await expect(handle.describe()).rejects.toThrow(WorkflowNotFoundError);
  });

  test('get a workflow without the URL in its history if the first attempt fails', async () => {
    const { receiver, id: webhookId } = await register(500, { events: ['order.placed'] });
    const { id } = (await shop.place()).body;
    await receiver.waitForRequests(1, about(id));
    receiver.behaviour = 204;
    await manager.settled(webhookId, 'delivered');

    const handle = shop.temporal.workflow.getHandle(`webhook-${webhookId}-${id}:1`);

    expect(await handle.result()).toBe('delivered');
    const { events } = await handle.fetchHistory();
    const kinds = events?.map((event) => Object.keys(event).find((key) => key.endsWith('EventAttributes')));
    // A slow machine can add workflow tasks.
    expect(kinds?.filter((kind) => !kind?.startsWith('workflowTask'))).toEqual([
      'workflowExecutionStartedEventAttributes',
      'activityTaskScheduledEventAttributes',
      'activityTaskStartedEventAttributes',
      'activityTaskCompletedEventAttributes',
      'workflowExecutionCompletedEventAttributes',
    ]);
    expect(JSON.stringify(events)).not.toContain(String(receiver.port));
    const description = await handle.describe();
    expect(await description.staticSummary()).toBe('order.placed for a webhook');
    expect(description.taskQueue).toBe(`${shop.environment.TEMPORAL_TASK_QUEUE}-webhooks`);
  });

  test('are not sent to webhooks for other events or registered later', async () => {
    const { id } = (await shop.place()).body;
    const first = await register(204, { events: ['order.cancelled'] });
    await shop.move(id, 'preparation');
    await shop.request('POST', `/v1/orders/${id}/cancel`, { as: shop.manager, body: {} });

    expect(versions(await first.receiver.waitForRequests(1))).toEqual(['3']);
    expect(await manager.deliveries(first.id)).toMatchObject([{ eventId: `${id}:3`, type: 'order.cancelled' }]);
  });
});

describe('a successful response', () => {
  const storedResponse = async (id: string) => {
    await manager.ask('POST', `/${id}/test`);
    return (await manager.settled(id, 'delivered')).lastAttempts[0].response;
  };

  test('settles the delivery even if the response never ends', async () => {
    const { receiver, id } = await register((response) => {
      response.writeHead(200);
      response.write('x'.repeat(700));
    });
    expect(await storedResponse(id)).toBe('x'.repeat(700));
    expect(receiver.received).toHaveLength(1);
  });

  test('is stored up to 1,024 bytes', async () => {
    const { id } = await register((response) => response.writeHead(200).end('y'.repeat(100_000)));
    expect(await storedResponse(id)).toBe('y'.repeat(1_024));
  });
});

describe('a failing endpoint', () => {
  test('receives the same bytes in every attempt, and each attempt is recorded', async () => {
    const { receiver, secret, id } = await register((response) => response.writeHead(500).end('out of\0 beans'));
    await manager.ask('POST', `/${id}/test`);
    await receiver.waitForRequests(1);
    receiver.behaviour = 204;

    const [first, second] = (await receiver.waitForRequests(2)) as [Received, Received];

    expect(second.body).toBe(first.body);
    expect(second.headers['webhook-id']).toBe(first.headers['webhook-id']);
    for (const one of [first, second]) verified(one, secret);
    expect(await manager.settled(id, 'delivered')).toMatchObject({
      attempts: 2,
      settledAt: expect.any(String),
      lastAttempts: [
        { status: 204, error: null, response: '' },
        { status: 500, error: 'The endpoint answered 500.', response: 'out of\ufffd beans' },
      ],
    });
    expect((await manager.read(id)).failingSince).toBeNull();
  });

  test.each([
    ['the first attempt', []],
    ['a retry', [500]],
  ])('sets the pause by Retry-After at %s', async (_, before) => {
    const answers = [...before, 429];
    const { receiver, id } = await register((response) => {
      response.writeHead(answers.shift() ?? 204, { 'retry-after': '2' }).end();
    });
    await manager.ask('POST', `/${id}/test`);

    const { lastAttempts } = await manager.settled(id, 'delivered');

    expect(lastAttempts.map(({ status }: { status: number }) => status)).toEqual([204, 429, ...before]);
    const [last, previous] = lastAttempts.map(({ at }: { at: string }) => Date.parse(at));
    expect(last - previous).toBeGreaterThanOrEqual(2_000);
    expect(receiver.received).toHaveLength(lastAttempts.length);
  });

  test('receives the events of its downtime once it is up again', async () => {
    const { receiver, id } = await register(204, { events: ['order.placed'] });
    await receiver.close();
    const placed = (await shop.place()).body.id;
    await waitFor('a failure', async () => (await manager.deliveries(id))[0]?.attempts >= 1, { deadline: 20_000 });
    const [delivery] = await manager.deliveries(id);
    expect(delivery).toMatchObject({ outcome: 'pending', settledAt: null });
    const refused = { status: null, error: 'The endpoint refused the connection.', response: null };
    expect(delivery.lastAttempts.at(-1)).toMatchObject(refused);

    const again = await listen(204, receiver.port);

    expect(versions(await again.waitForRequests(1, about(placed)))).toEqual(['1']);
  });

  test.each<[string, Behaviour, object]>([
    [
      'a redirect',
      (response) => response.writeHead(307, { location: receivers[0]!.url }).end(),
      { status: 307, error: 'The endpoint answered 307: redirects are not followed.' },
    ],
    ['a missing response', () => {}, { status: null, error: 'The endpoint did not answer within 10 s.' }],
    [
      'a closed connection',
      (_response, request) => void request.socket.destroy(),
      { status: null, error: 'The endpoint closed the connection without an answer.' },
    ],
    [
      'a response that is not HTTP',
      (_response, request) => void request.socket.end('220 mail.example ESMTP\r\n'),
      { status: null, error: expect.stringMatching(/^The request failed \(HPE_/) },
    ],
  ])('is retried after %s', async (_, behaviour, attempt) => {
    const before = receivers[0]!.received.length;
    const { receiver, id } = await register(behaviour);
    await manager.ask('POST', `/${id}/test`);
    await receiver.waitForRequests(1);
    await waitFor('a failure', async () => (await manager.deliveries(id))[0]?.attempts >= 1, { deadline: 20_000 });

    const [delivery] = await manager.deliveries(id);

    expect(delivery.outcome).toBe('pending');
    expect(delivery.lastAttempts.at(-1)).toMatchObject(attempt);
    expect(receivers[0]!.received).toHaveLength(before);
    await manager.ask('DELETE', `/${id}`);
  });

  test('is given up at the end of the retry period', async () => {
    const { receiver, id } = await register(500);
    const handle = await startDelivery(id, { first: 100, longest: 1_000, limit: 10_000 });

    expect(await handle.result()).toBe('given_up');
    expect(receiver.received.length).toBeGreaterThan(1);
    // The last attempt may end later.
    const [delivery] = await deliveriesWith(id, () => receiver.received.length);
    expect(delivery).toMatchObject({ outcome: 'given_up' });
  }, 60_000);

  test.each([
    ['fails', 500, 'given_up'],
    ['succeeds', 204, 'delivered'],
  ])('has an attempt recorded that %s after the delivery was given up', async (_, status, outcome) => {
    let answer = () => {};
    const { receiver, id } = await register((response) => {
      answer = () => response.writeHead(status).end();
    });
    const handle = await startDelivery(id, { first: 200, longest: 400, limit: 5_000 });
    await receiver.waitForRequests(1);

    expect(await handle.result()).toBe('given_up');
    answer();

    expect(await deliveriesWith(id, () => 1)).toMatchObject([{ outcome, lastAttempts: [{ status }] }]);
  });

  /** Waits until the newest delivery has this number of attempts and returns all deliveries. */
  async function deliveriesWith(id: string, attempts: () => number) {
    const newest = async () => (await manager.deliveries(id))[0];
    const areRecorded = async () => (await newest()).attempts === attempts();
    await waitFor('all attempts', areRecorded, { deadline: 25_000 });
    return manager.deliveries(id);
  }

  test('is disabled at once by a 410', async () => {
    const { id } = await register(410, { events: ['order.placed'] });
    const { createdAt, updatedAt } = await manager.read(id);
    expect(updatedAt).toBe(createdAt);
    const first = (await shop.place()).body.id;

    expect(await manager.settled(id, 'gone')).toMatchObject({ eventId: `${first}:1`, attempts: 1 });

    const { body, headers } = await manager.ask('GET', `/${id}`);
    expect(body).toMatchObject({ enabled: false, disabled: { reason: 'gone', at: expect.any(String) }, version: 2 });
    expect(headers.get('etag')).toBe('"2"');
    expect(body.updatedAt).toBe(body.disabled.at);
    expect(Date.parse(body.updatedAt)).toBeGreaterThan(Date.parse(createdAt));
  });

  test('receives only later events after it was enabled again', async () => {
    const { receiver, id } = await register(410, { events: ['order.placed'] });
    await shop.place();
    await manager.settled(id, 'gone');
    const whileDisabled = (await shop.place()).body.id;
    receiver.behaviour = 204;
    expect((await manager.ask('PATCH', `/${id}`, { enabled: true })).body).toMatchObject({
      enabled: true,
      disabled: null,
    });
    const afterwards = (await shop.place()).body.id;
    await receiver.waitForRequests(1, about(afterwards));
    expect(receiver.received.filter(about(whileDisabled))).toEqual([]);
  });

  /** Changes the URL to a failing one during an attempt. `answerLate` then answers at the former URL. */
  async function moveDuringAttempt(late: number) {
    const answers: (() => void)[] = [];
    const { receiver, id } = await register((response) => answers.push(() => response.writeHead(late).end()));
    const next = await listen(503);
    await manager.ask('POST', `/${id}/test`);
    await receiver.waitForRequests(1);
    const { body: moved } = await manager.ask('PATCH', `/${id}`, { url: next.url });
    const answerLate = async () => {
      answers[0]!();
      const isRecorded = async () =>
        (await manager.deliveries(id))[0].lastAttempts.some(({ status }: { status: number }) => status === late);
      await waitFor('the late answer', isRecorded, { deadline: 25_000 });
    };
    return { id, next, moved, answerLate };
  }

  test.each([410, 503])(
    'continues at its new URL after a late %i of the former one',
    async (late) => {
      const { id, next, moved, answerLate } = await moveDuringAttempt(late);
      await answerLate();
      expect(await manager.read(id)).toMatchObject({ enabled: true, url: next.url, version: moved.version });
      next.behaviour = 204;
      await next.waitForRequests(1);
      await manager.settled(id, 'delivered');
      expect(await manager.read(id)).toEqual(moved);
    },
    60_000,
  );

  test('still fails after a late success of its former URL', async () => {
    const { id, moved, answerLate } = await moveDuringAttempt(204);
    const failingSince = new Date(Date.now() - 1_000).toISOString();
    await shop.database('webhooks').where({ id }).update({ failing_since: failingSince });
    await answerLate();
    expect(await manager.read(id)).toEqual({ ...moved, failingSince });
    expect((await manager.deliveries(id))[0]).toMatchObject({ outcome: 'delivered' });
  }, 60_000);

  test('is disabled and its delivery settled at the time of the answer', async () => {
    const answers: (() => void)[] = [];
    const { receiver, id } = await register((response) => answers.push(() => response.writeHead(410).end()));
    await manager.ask('POST', `/${id}/test`);
    await receiver.waitForRequests(1);
    await delay(500);
    answers[0]!();
    const { settledAt, lastAttempts } = await manager.settled(id, 'gone');
    const { disabled, updatedAt } = await manager.read(id);
    expect([disabled.at, updatedAt]).toEqual([settledAt, settledAt]);
    const [{ at, duration }] = lastAttempts;
    expect(Date.parse(settledAt)).toBe(Date.parse(at) + duration);
    // Timers round differently.
    expect(duration).toBeGreaterThanOrEqual(480);
  });

  test('is disabled after WEBHOOK_DISABLE_AFTER with one email, and its deliveries are dropped', async () => {
    const { receiver, id } = await register(503, { description: 'The <b>till</b>' });
    await manager.ask('POST', `/${id}/test`);
    await manager.ask('POST', `/${id}/test`);
    const hasFailed = async () => (await manager.read(id)).failingSince !== null;
    await waitFor('a failure', hasFailed, { deadline: 25_000 });
    const longAgo = new Date(Date.now() - DISABLE_AFTER_MS);
    await shop.database('webhooks').where({ id }).update({ failing_since: longAgo });

    const subject = 'The webhook “The <b>till</b>” is disabled';
    const mails = () => emailsTo(shop, 'shop@crema.example').filter(({ mail }) => mail.subject === subject);
    await waitFor('the mail', () => mails().length > 0, { deadline: 25_000 });

    const disabled = await manager.read(id);
    expect(disabled).toMatchObject({ enabled: false, disabled: { reason: 'failing' }, version: 2 });
    expect(disabled.updatedAt).toBe(disabled.disabled.at);
    expect(mails()[0]!.mail.text).toContain(`127.0.0.1:${receiver.port} has failed since`);
    expect(mails()[0]!.mail.html).not.toContain('<b>till');
    for (const { outcome } of await manager.deliveries(id)) expect(['pending', 'dropped']).toContain(outcome);
    await waitFor('both to be dropped', async () => (await manager.deliveries(id, '?outcome=dropped')).length === 2, {
      deadline: 25_000,
    });
    expect(mails()).toHaveLength(1);
    expectProblem(await manager.ask('POST', `/${id}/test`), 'webhook_disabled');
  }, 60_000);
});

describe('a webhook whose secret cannot be decrypted', () => {
  test('waits for the key and does not delay other webhooks', async () => {
    const [undecryptable, failing, healthy] = [await register(), await register(500), await register()];
    const secret = await createSeal([newKey('lost')]).seal(undecryptable.secret);
    await shop.database('webhooks').where({ id: undecryptable.id }).update({ secret });

    for (const { id } of [undecryptable, failing, healthy]) await manager.ask('POST', `/${id}/test`);

    await healthy.receiver.waitForRequests(1);
    await failing.receiver.waitForRequests(2);
    expect(await manager.deliveries(undecryptable.id)).toMatchObject([{ outcome: 'pending', attempts: 0 }]);
    await shop
      .database('webhooks')
      .where({ id: undecryptable.id })
      .update({ secret: await createSeal([]).seal(undecryptable.secret) });
    verified((await undecryptable.receiver.waitForRequests(1))[0]!, undecryptable.secret);
  });
});

describe('concurrency', () => {
  test('first attempts and retries together never exceed ten at once for an endpoint', async () => {
    let inFlight = 0;
    let most = 0;
    /** The first ten requests get their answers together. */
    const first: (() => void)[] = [];
    const { receiver, id } = await register((response) => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      const answer = () => {
        inFlight -= 1;
        response.writeHead(204).end();
      };
      if (first.length < 10) first.push(answer);
      else setTimeout(answer, 100);
    });
    const retry = { first: 100, longest: 1_000, limit: 60_000 };

    await Promise.all([seed(id, 40), ...Array.from({ length: 40 }, () => startDelivery(id, retry))]);
    await receiver.waitForRequests(10);
    for (const answer of first) answer();

    await waitFor('every delivery', async () => (await delivered(id)) === 80, { deadline: 50_000 });
    expect(most).toBe(10);
    expect(receiver.received).toHaveLength(80);
  }, 60_000);

  /** Adds deliveries requested by a manager. */
  const seed = (webhookId: string, count: number) => {
    const rows = Array.from({ length: count }, () => {
      const id = randomUUID();
      return { id, webhook_id: webhookId, event_id: id, type: 'webhook.test', again: true };
    });
    return shop.database('webhook_deliveries').insert(rows);
  };

  const delivered = async (webhookId: string) =>
    (await shop.database('webhook_deliveries').where({ webhook_id: webhookId, outcome: 'delivered' })).length;

  test('retries that find the queue of their endpoint full are postponed', async () => {
    const held: (() => void)[] = [];
    const { receiver, id } = await register((response) => void held.push(() => response.writeHead(204).end()));
    const retry = { first: 100, longest: 1_000, limit: 60_000 };
    // Ten attempts in flight, ten that wait, and some more.
    const handles = await Promise.all(Array.from({ length: 24 }, () => startDelivery(id, retry)));

    const failures = async () => {
      const descriptions = await Promise.all(handles.map((handle) => handle.describe()));
      return descriptions.map(({ raw }) => raw.pendingActivities?.[0]?.lastFailure?.message);
    };
    const isFull = async () => (await failures()).includes('The queue of the endpoint is full.');
    await waitFor('a full queue', isFull, { deadline: 25_000 });
    receiver.behaviour = 204;
    for (const answer of held) answer();

    const results = await Promise.all(handles.map((handle) => handle.result()));
    expect(results).toEqual(Array(24).fill('delivered'));
  }, 60_000);

  test('a dead endpoint with many deliveries delays neither another endpoint nor orders', async () => {
    const dead = await register(() => {}, { events: ['order.placed', 'order.status_changed'] });
    const { receiver } = await register(204, { events: ['order.placed'] });
    await manager.ask('PATCH', `/${dead.id}`, { events: ['order.placed'] });
    await seed(dead.id, 30);
    const retry = { first: 100, longest: 1_000, limit: 60_000 };
    await Promise.all(Array.from({ length: 30 }, () => startDelivery(dead.id, retry)));
    await dead.receiver.waitForRequests(10);

    const { id } = (await shop.place()).body;

    // The dead endpoint still has more than ten deliveries waiting, ten seconds each.
    await receiver.waitForRequests(1, about(id));
    const untried = await shop.database('webhook_deliveries').where({ webhook_id: dead.id, attempts: 0 });
    expect(untried.length).toBeGreaterThan(0);
    expect((await shop.move(id, 'preparation')).status).toBe(200);
    await manager.ask('DELETE', `/${dead.id}`);
  }, 60_000);
});

describe('requests of a manager or an operator', () => {
  test('send a signed test event', async () => {
    const { receiver, id, secret } = await register();

    const requested = await manager.ask('POST', `/${id}/test`);

    expect(requested).toMatchObject({ status: 202, body: { type: 'webhook.test', outcome: 'pending', attempts: 0 } });
    const [test] = (await receiver.waitForRequests(1)) as [Received];
    expect(verified(test, secret)).toMatchObject({
      type: 'webhook.test',
      id: requested.body.id,
      source: 'http://localhost:5000/v1/webhooks',
      subject: id,
    });
    expect(await manager.settled(id, 'delivered')).toMatchObject({ id: requested.body.id, attempts: 1 });
  });

  test('deliver an event again with the same event id', async () => {
    const { receiver, id } = await register(204, { events: ['order.placed'] });
    const placed = (await shop.place()).body.id;
    const [first] = (await receiver.waitForRequests(1)) as [Received];
    const delivery = await manager.settled(id, 'delivered');

    const { status, body } = await manager.ask('POST', `/${id}/deliveries/${delivery.id}/redeliver`);

    expect(status).toBe(202);
    expect(body).toMatchObject({ eventId: `${placed}:1`, type: 'order.placed', outcome: 'pending' });
    expect(body.id).not.toBe(delivery.id);
    const [, again] = (await receiver.waitForRequests(2)) as [Received, Received];
    expect([again.body, again.headers['webhook-id']]).toEqual([first.body, `${placed}:1`]);
    const unknown = await manager.ask('POST', `/${id}/deliveries/${randomUUID()}/redeliver`);
    expectProblem(unknown, 'not_found');
  });

  test('deliver the events of a period in order, even if never delivered before', async () => {
    const { body: early } = await shop.place();
    const from = new Date().toISOString();
    const { id: orderId } = (await shop.place()).body;
    for (const status of ['preparation', 'ready'] as const) await shop.move(orderId, status);
    const { receiver, id } = await register(204, { events: ['order.placed', 'order.status_changed'] });
    const to = new Date().toISOString();

    const { status, body } = await manager.ask('POST', `/${id}/redeliver`, { from, to });

    expect([status, body]).toEqual([202, { count: 3 }]);
    const requests = await receiver.waitForRequests(3);
    expect(versions(requests).toSorted()).toEqual(['1', '2', '3']);
    expect(requests.filter(about(early.id))).toEqual([]);
    const started = await shop
      .database('webhook_deliveries')
      .where({ webhook_id: id })
      .orderBy('seq')
      .pluck('event_id');
    expect(started).toEqual([1, 2, 3].map((version) => `${orderId}:${version}`));
    expect((await manager.ask('POST', `/${id}/redeliver`, { from: to, to: '2100-01-01T00:00:00Z' })).body.count).toBe(
      0,
    );
  });

  test('rotate the secret; both secrets sign until the former one expires', async () => {
    const { receiver, id, secret } = await register();

    const { status, headers, body } = await manager.ask('POST', `/${id}/rotate`, undefined, { 'if-match': '"1"' });

    expect([status, headers.get('etag'), body.version]).toEqual([200, '"2"', 2]);
    expect(body.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(body.secret).not.toBe(secret);
    await manager.ask('POST', `/${id}/test`);
    const [both] = (await receiver.waitForRequests(1)) as [Received];
    expect(both.headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const valid of [secret, body.secret]) verified(both, valid);

    await shop.database('webhooks').where({ id }).update({ old_secret_until: new Date() });
    await manager.ask('POST', `/${id}/test`);
    const [, late] = (await receiver.waitForRequests(2)) as [Received, Received];
    verified(late, body.secret);
    expect(() => verified(late, secret)).toThrow();
  });

  /** Returns a delivery that is being retried by its workflow. */
  async function startRetrying() {
    const { id } = await register(500);
    const { body: test } = await manager.ask('POST', `/${id}/test`);
    const handle = shop.temporal.workflow.getHandle(webhookDeliveryIdOf(id, test.id, test.id));
    await waitFor('A workflow for the delivery', () => handle.describe().then(Boolean), { deadline: 10_000 });
    return { webhookId: id, deliveryId: test.id, handle };
  }

  test('drop the open deliveries of a deleted webhook', async () => {
    const { webhookId, handle } = await startRetrying();
    expect((await manager.ask('DELETE', `/${webhookId}`)).status).toBe(204);
    expect(await handle.result()).toBe('dropped');
  });

  test('give up a delivery by cancelling its workflow', async () => {
    const { webhookId, deliveryId, handle } = await startRetrying();
    await handle.cancel();
    expect(await manager.settled(webhookId, 'given_up')).toMatchObject({
      id: deliveryId,
      settledAt: expect.any(String),
    });
  });
});
