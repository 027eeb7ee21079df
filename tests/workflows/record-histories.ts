import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { extraShotId, oatId } from '../../api/docs/examples.ts';
import { MAX_NOTE_LENGTH, MAX_REASON_LENGTH, type Placement } from '../../domain/order/order.ts';
import { waitFor } from '../../stack/wait.ts';
import { accountEmailIdOf, erasureIdOf } from '../../workflows/messages/accounts.ts';
import {
  cancelSignal,
  cancelUpdate,
  changeStatusSignal,
  editSignal,
  type OrderRunOptions,
  orderWorkflowType,
  resendIdOf,
  type Start,
  unansweredEmailIdOf,
  workflowIdOf,
} from '../../workflows/messages/definitions.ts';
import { webhookDeliveryIdOf, webhookNoticeIdOf } from '../../workflows/messages/webhooks.ts';
import { OrderState } from '../../workflows/order-state.ts';
import { emailTo, newAccount, PASSWORD } from '../accounts/mailbox.ts';
import { aLineWithOptions, aPlacement } from '../domain/an-order.ts';
import { startFaultySmtp } from '../email/faulty-smtp.ts';
import { smtpError } from '../email/mail-servers.ts';
import { createHeldEmails } from '../faults/held-emails.ts';
import setUp from '../global-setup.ts';
import { openShop, type Shop } from '../shop.ts';
import { webhooksOf } from '../webhooks/manager.ts';
import { startReceiver } from '../webhooks/receiver.ts';
import { movesOf } from './outgrow.ts';

// Records one history for each way an order can end, and for each other workflow, on real servers: `npm run record-histories`.
// Existing recordings are never overwritten. A change to a workflow adds recordings under new names.
const folder = join(import.meta.dirname, 'histories');
const root = `${join(import.meta.dirname, '../..')}/`;

type Life = (shop: Shop, orderId: string) => Promise<unknown>;

const deliver: Life = async (shop, id) => {
  for (const status of ['preparation', 'ready', 'delivered'] as const) await shop.move(id, status);
};

const editThenDeliver: Life = async (shop, id) => {
  const lines = [await shop.line('Espresso', 'Double Shot', 3)];
  await shop.request('PATCH', `/v1/orders/${id}`, { as: shop.customer, body: { lines, location: 'in_house' } });
  await deliver(shop, id);
};

/** Edits over the API, then by a valid signal of an operator, then by a signal whose options cost more than the line. */
const editOptionsThenDeliver: Life = async (shop, id) => {
  const latte = await shop.line('Latte', 'Vanilla');
  const options = [{ optionId: oatId }, { optionId: extraShotId, quantity: 2 }];
  const lines = [
    { ...latte, options, note: 'Extra hot' },
    { ...latte, note: 'In a cup' },
  ];
  await shop.request('PATCH', `/v1/orders/${id}`, { as: shop.customer, body: { lines } });
  const line = aLineWithOptions();
  await shop.workflow(id).signal(editSignal, { lines: [line] });
  const tooCheap = { ...line, unitPrice: { amount: 1, currency: 'USD' }, total: { amount: 2, currency: 'USD' } };
  await shop.workflow(id).signal(editSignal, { lines: [tooCheap] });
  await deliver(shop, id);
};

const cancelByCustomer: Life = (shop, id) =>
  shop.request('POST', `/v1/orders/${id}/cancel`, { as: shop.customer, body: { reason: 'Changed my mind' } });

/** The changes to an order from its placement to a final status. */
const lives: Record<string, Life> = {
  delivered: deliver,
  'delivered-after-going-back': async (shop, id) => {
    for (const status of ['preparation', 'waiting', 'preparation', 'ready', 'delivered'] as const) {
      await shop.move(id, status);
    }
  },
  'cancelled-by-customer': cancelByCustomer,
  'cancelled-in-preparation': async (shop, id) => {
    await shop.move(id, 'preparation');
    await shop.request('POST', `/v1/orders/${id}/cancel`, { as: shop.manager, body: { reasonCode: 'out_of_stock' } });
  },
  'delivered-by-signals-one-refused': async (shop, id) => {
    for (const status of ['ready', 'preparation', 'ready', 'delivered'] as const) {
      await shop.workflow(id).signal(changeStatusSignal, { status });
    }
  },
  'edited-then-delivered': editThenDeliver,
  'delivered-after-both-alerts': async (shop, id) => {
    await flagged(shop, id, 'delayed');
    for (const status of ['preparation', 'ready'] as const) await shop.move(id, status);
    await flagged(shop, id, 'uncollected');
    await shop.move(id, 'delivered');
  },
  'cancelled-in-temporal': (shop, id) => shop.workflow(id).cancel(),
  'delivered-after-a-refused-cancel-in-temporal': async (shop, id) => {
    for (const status of ['preparation', 'ready'] as const) await shop.move(id, status);
    await shop.workflow(id).cancel();
    await shop.move(id, 'delivered');
  },
  'first-emails': async (shop, id) => {
    await shop.move(id, 'preparation');
    await shop.request('POST', `/v1/orders/${id}/cancel`, { as: shop.customer });
  },
  'cancelled-after-signals-in-a-managers-name': async (shop, id) => {
    await shop.move(id, 'preparation');
    const actor = { type: 'manager', id: randomUUID() } as const;
    await shop.workflow(id).signal(changeStatusSignal, { status: 'ready', actor, reason: 'Not\0text' });
    await shop.workflow(id).signal(cancelSignal, { actor, signatures: ['made up'] });
  },
  // The note has the maximum length in code points. Counted in UTF-16 code units, it would be too long.
  'edited-by-signal-in-emoji': async (shop, id) => {
    await shop.workflow(id).signal(editSignal, { note: '🥐'.repeat(MAX_NOTE_LENGTH) });
    await shop.workflow(id).signal(cancelSignal, { reason: '🥐'.repeat(MAX_REASON_LENGTH + 1) });
    await shop.workflow(id).signal(cancelSignal, { reasonCode: 'other' });
  },
  'shop-emailed-at-the-second-attempt': async (shop, id) => {
    refusals.push(smtpError(451, 'Come back later'));
    await shop.request('POST', `/v1/orders/${id}/cancel`, { as: shop.customer });
  },
  // With the current run options. Each new option needs new recordings of these three lives under other names.
  'announced-and-delivered': deliver,
  'announced-and-edited': editThenDeliver,
  'announced-and-cancelled': cancelByCustomer,
  'announced-with-options-and-line-notes': editOptionsThenDeliver,
  'announced-to-the-shop-at-the-second-attempt': async (shop, id) => {
    refusals.push(smtpError(451, 'Come back later'));
    await cancelByCustomer(shop, id);
  },
  'announced-while-the-mail-server-stalls': async (shop, id) => {
    heldEmails.hold();
    await shop.workflow(id).signal(changeStatusSignal, { status: 'preparation' });
    await shop.workflow(id).signal(changeStatusSignal, { status: 'delivered' });
    await shop.workflow(id).signal(changeStatusSignal, { status: 'ready' });
    await shop.waitForStatus(id, 'ready');
    heldEmails.release();
    await shop.move(id, 'delivered');
  },
};

/** Starts an order's second run as the first run would: with undelivered events and an idempotency key. */
async function startSecondRun(shop: Shop): Promise<string> {
  const placement = await placementFor(shop, new Date());
  const state = new OrderState(placement, {}, () => {});
  const key = { hash: 'a-key', fingerprint: 'a-request' };
  const decision = state.decide({
    type: 'change_status',
    to: 'preparation',
    actor: { type: 'operator', id: 'temporal' },
    key,
  });
  if ('refused' in decision) throw new TypeError(decision.refused);
  state.apply(decision);
  await start(shop, state.carry());
  await shop.move(placement.id, 'waiting');
  await shop.workflow(placement.id).executeUpdate(cancelUpdate, { args: [{ reasonCode: 'too_busy' }] });
  return placement.id;
}

/** Runs an order whose first run reaches its limit while emails are being sent, so that it waits and then continues as new. */
async function outgrow(shop: Shop, runOptions: OrderRunOptions): Promise<WorkflowHandle> {
  const placement = await placementFor(shop, new Date());
  heldEmails.hold();
  const first = await start(shop, placement, runOptions);
  const moves = movesOf(first);
  await moves.outgrow();
  await moves.move();
  heldEmails.release();
  await shop.workflow(placement.id).signal(cancelSignal, { reasonCode: 'duplicate' });
  await shop.waitForEnd(placement.id);
  return first;
}

/** Runs an order that is so old that publishing has only a last attempt, which fails without Redis. */
async function giveUp(shop: Shop): Promise<string> {
  const placement = await placementFor(shop, new Date(Date.now() - 3 * 24 * 60 * 60 * 1_000));
  await start(shop, placement);
  const given = () => shop.database('deliveries').where({ order_id: placement.id, outcome: 'given_up' });
  await waitFor('the given-up delivery', async () => (await given()).length > 0, { deadline: 40_000 });
  return placement.id;
}

async function placementFor(shop: Shop, placedAt: Date): Promise<Placement> {
  const { id } = (await shop.request('GET', '/v1/me', { as: shop.customer })).body;
  return aPlacement({ id: randomUUID(), customer: { id }, placedAt: placedAt.toISOString() });
}

/** Starts an order and returns the handle of its first run. */
async function start(shop: Shop, first: Start, ...runOptions: OrderRunOptions[]): Promise<WorkflowHandle> {
  const { taskQueue } = await shop.workflow((await shop.place()).body.id).describe();
  const workflowId = workflowIdOf(first.id);
  const { workflow } = shop.temporal;
  const { firstExecutionRunId } = await workflow.start(orderWorkflowType, {
    workflowId,
    taskQueue,
    args: [first, ...runOptions],
  });
  return workflow.getHandle(workflowId, firstExecutionRunId);
}

const flagged = (shop: Shop, id: string, flag: string) =>
  waitFor(`the flag ${flag}`, async () => (await shop.readOrder(id)).body.flags.includes(flag), { deadline: 20_000 });

const heldEmails = createHeldEmails();
/** The SMTP server's answers to the next emails to the shop. */
const refusals: Error[] = [];
await setUp();
try {
  mkdirSync(folder, { recursive: true });
  const shop = await openShop({
    worker: false,
    smtp: {
      onRcptTo(recipient, session, done) {
        const refusal = recipient.address === 'shop@crema.example' ? refusals.shift() : undefined;
        if (refusal) done(refusal);
        else heldEmails.smtp.onRcptTo?.call(this, recipient, session, done);
      },
    },
    environment: { ORDER_DELAYED_AFTER: '5', ORDER_UNCOLLECTED_AFTER: '5' },
  });
  const { body: early } = await shop.place();
  await shop.workflow(early.id).signal(cancelSignal, { reasonCode: 'shop_closed' });
  await shop.openWorker();
  await save(shop, 'cancelled-by-signal-before-any-worker', early.id);
  for (const [name, live] of Object.entries(lives)) {
    if (isRecorded(name)) continue;
    const { body: order } = await shop.place({
      body: { lines: [await shop.line('Latte', 'Vanilla', 2), await shop.line('Tea')] },
    });
    await live(shop, order.id);
    await save(shop, name, order.id);
  }
  await saveCounterOrder(shop);
  await saveAccount(shop);
  await saveResend(shop);
  await saveWebhooks(shop);
  await save(shop, 'cancelled-in-a-second-run', await startSecondRun(shop));
  await write('continued-as-new', await outgrow(shop, { events: 25 }));
  await write('continued-as-new-during-first-emails', await outgrow(shop, { events: 25, firstEmails: true }));
  await write('continued-as-new-while-announcing', await outgrow(shop, { events: 25, announces: true }));
  await shop.close();
  const withoutRedis = await openShop({ environment: { REDIS_URL: 'redis://127.0.0.1:1' } });
  await write('redis-given-up', withoutRedis.workflow(await giveUp(withoutRedis)));
  await withoutRedis.close();
  await saveUnansweredEmail();
} finally {
  await globalThis.services?.stop();
}
process.exit();

function isRecorded(name: string): boolean {
  return existsSync(join(folder, `${name}.json`));
}

async function save(shop: Shop, name: string, orderId: string): Promise<void> {
  await shop.waitForEnd(orderId);
  await write(name, shop.workflow(orderId));
}

/** Records a counter order that staff edit. */
async function saveCounterOrder(shop: Shop): Promise<void> {
  const name = 'announced-at-the-counter';
  if (isRecorded(name)) return;
  const body = { lines: [await shop.line('Tea')], customerName: 'Ana' };
  const { id } = (await shop.place({ as: shop.barista, body })).body;
  const edit = { as: shop.barista, body: { lines: [await shop.line('Latte')], note: 'Hot' } };
  await shop.requestUntilKnown('PATCH', `/v1/orders/${id}`, edit);
  await deliver(shop, id);
  await save(shop, name, id);
}

/** Records a registration and an erasure. The erasure's workflow stays open for months and must survive deploys. */
async function saveAccount(shop: Shop): Promise<void> {
  if (isRecorded('erasure')) return;
  const { email } = await newAccount(shop);
  const as = await shop.signIn(email, PASSWORD);
  const { body } = await shop.request('GET', '/v1/me', { as });
  const { workflow } = shop.temporal;
  await shop.request('POST', '/v1/password-resets', { body: { email } });
  await emailTo(shop, email, 2);
  const { id } = await shop.database('account_requests').where({ email }).first();
  await workflow.getHandle(accountEmailIdOf(id)).result();
  await shop.request('DELETE', '/v1/me', { as, body: { password: PASSWORD } });
  const erasure = workflow.getHandle(erasureIdOf(body.id));
  await waitFor(
    'the timer of the erasure',
    async () => ((await erasure.fetchHistory()).events ?? []).some(({ timerStartedEventAttributes: timer }) => timer),
    { deadline: 20_000 },
  );
  await write('account-mail', workflow.getHandle(accountEmailIdOf(id)));
  await write('erasure', erasure);
}

/** Records a receipt that a manager sends again. */
async function saveResend(shop: Shop): Promise<void> {
  if (isRecorded('resend')) return;
  const { id } = (await shop.place()).body;
  const sent = () =>
    shop.database('deliveries').where({ order_id: id, recipient: 'customer', outcome: 'sent' }).first();
  await waitFor('the receipt', async () => (await sent()) !== undefined, { deadline: 20_000 });
  const { id: deliveryId } = await sent();
  await shop.request('POST', `/v1/orders/${id}/notifications/${deliveryId}/resend`, { as: shop.manager });
  const resend = shop.temporal.workflow.getHandle(resendIdOf(deliveryId));
  await resend.result();
  await write('resend', resend);
}

/** Records an email that the mail server accepts only when it is sent again. */
async function saveUnansweredEmail(): Promise<void> {
  if (isRecorded('unanswered-email')) return;
  const server = await startFaultySmtp();
  const shop = await openShop({ environment: { SMTP_URL: server.url, EMAIL_UNANSWERED_RETRY_AFTER: '1' } });
  server.reactions.push('drops', 'drops');
  const orderId = (await shop.place()).body.id;
  const late = shop.temporal.workflow.getHandle(
    unansweredEmailIdOf({ orderId, eventId: `${orderId}:1`, recipient: 'customer' }),
  );
  await waitFor('the late email', () => late.result().then(() => true), { deadline: 20_000 });
  await write('unanswered-email', late);
  await shop.close();
  await server.close();
}

/** Records a delivery that succeeds at the second attempt, one that is given up, and the notice of a disabled webhook. */
async function saveWebhooks(shop: Shop): Promise<void> {
  if (isRecorded('webhook-notice')) return;
  const { ask, register, deliveries } = webhooksOf(() => shop);
  const receiver = await startReceiver(500);
  const { id } = await register(receiver.url, { events: ['order.uncollected'] });
  const handleOf = (eventId: string) => shop.temporal.workflow.getHandle(webhookDeliveryIdOf(id, eventId, eventId));
  const [delivered, givenUp] = [(await ask('POST', `/${id}/test`)).body.id, (await ask('POST', `/${id}/test`)).body.id];
  await receiver.waitForRequests(2);
  await handleOf(givenUp).cancel();
  await handleOf(givenUp).result();
  receiver.behaviour = 204;
  await handleOf(delivered).result();
  receiver.behaviour = 500;
  await shop
    .database('webhooks')
    .where({ id })
    .update({ failing_since: new Date(0) });
  await ask('POST', `/${id}/test`);
  await waitFor('the failure', async () => (await deliveries(id))[0].attempts > 0, { deadline: 20_000 });
  const notice = shop.temporal.workflow.getHandle(webhookNoticeIdOf(id, 2));
  await waitFor('the notice', async () => (await notice.result()) === 'sent', { deadline: 20_000 });
  await write('webhook-delivered', handleOf(delivered));
  await write('webhook-given-up', handleOf(givenUp));
  await write('webhook-notice', notice);
  await receiver.close();
}

async function write(name: string, handle: WorkflowHandle): Promise<void> {
  if (isRecorded(name)) return;
  const history = await handle.fetchHistory();
  // Remove this machine's paths, which stack traces contain.
  writeFileSync(join(folder, `${name}.json`), `${historyToJSON(history).replaceAll(root, '')}\n`);
  console.log(`${name}: ${history.events?.length} events`);
}
