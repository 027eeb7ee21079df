import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { type Cursor, type Finding, reconcilePage } from '../../activities/reconcile-orders.ts';
import { connect } from '../../db/connection.ts';
import { createJournal } from '../../db/journal.ts';
import { createOrderRepository } from '../../db/orders.ts';
import { raise } from '../../domain/order/alerts.ts';
import { placeOrder } from '../../domain/order/decider.ts';
import type { GivenUp } from '../../domain/order/journal-entry.ts';
import type { Order, OrderEvent, Placement } from '../../domain/order/order.ts';
import { recipientsOf } from '../../domain/order/recipients.ts';
import { waitFor } from '../../stack/wait.ts';
import { createWorkflowRecords } from '../../worker/workflow-records.ts';
import {
  changeStatusSignal,
  orderWorkflowType,
  reconcileScheduleIdOf,
  reconcileWorkflowType,
  type Start,
  workflowIdOf,
} from '../../workflows/messages/definitions.ts';
import { runsOf } from '../../workflows/messages/history.ts';
import { startOptionsOf } from '../../workflows/messages/start-options.ts';
import { createSigningKeys } from '../../workflows/payloads/signing-keys.ts';
import { copyDatabase } from '../databases.ts';
import { aPlacement } from '../domain/an-order.ts';
import { lockWaits } from '../lock-waits.ts';
import { type Answer, openShop, type Shop } from '../shop.ts';
import { forget } from './forget.ts';
import { startOwn } from './own-services.ts';

const waitOptions = { deadline: 60_000, every: 100 };

// The reconciler reads every order in Temporal, so this shop needs a Temporal server of its own.
let own: Awaited<ReturnType<typeof startOwn<'temporal'>>>;
let databaseUrl: string;
let shop: Shop;
const taskQueue = 'orders-to-reconcile';
beforeAll(async () => {
  [own, databaseUrl] = await Promise.all([startOwn('temporal'), copyDatabase()]);
  const environment = { ...own.environment, TEMPORAL_TASK_QUEUE: taskQueue };
  shop = await openShop({ databaseUrl, environment });
}, 90_000);
afterAll(async () => {
  await shop?.close();
  await own?.stop();
}, 60_000);

/** Runs one of our commands as an operator would. */
function run(command: string, ...args: string[]) {
  return new Promise<{ code: number; output: string }>((resolve) => {
    const env = { ...process.env, ...own.environment, DATABASE_URL: databaseUrl, TEMPORAL_TASK_QUEUE: taskQueue };
    execFile(process.execPath, [command, ...args], { env, timeout: 40_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr });
    });
  });
}

const command = (...args: string[]) => run('worker/reconcile.ts', ...args);

/** Reconciles all orders in small pages and returns the finding for this order. */
async function reconciled(orderId: string): Promise<Finding | undefined> {
  const orders = createOrderRepository(shop.database);
  const dependencies = {
    records: createWorkflowRecords(shop.temporal, taskQueue),
    orders,
    journal: createJournal(shop.database),
  };
  const findings: Finding[] = [];
  let cursor: Cursor | undefined;
  do {
    const page = await reconcilePage(dependencies, { cursor, size: 3 });
    findings.push(...page.findings);
    cursor = page.next;
  } while (cursor);
  const found = findings.filter((finding) => finding.orderId === orderId);
  expect(found.length).toBeLessThan(2);
  return found[0];
}

const start = (order: Start) =>
  shop.temporal.workflow.start(orderWorkflowType, {
    ...startOptionsOf(order, createSigningKeys([])(order.id)[0]),
    taskQueue,
  });

const aFreshPlacement = (placement: Partial<Placement> = {}) =>
  aPlacement({ id: randomUUID(), placedAt: new Date().toISOString(), ...placement });

async function placed(...statuses: ('preparation' | 'ready' | 'delivered')[]): Promise<string> {
  const { body } = await shop.place();
  for (const status of statuses) expect((await shop.move(body.id, status)).status).toBe(200);
  return body.id;
}

/** Waits until all deliveries of these events of an order are recorded, alerts included. */
const waitForDeliveries = (orderId: string, events: number) =>
  waitFor(
    `all of ${orderId}`,
    async () => {
      const happened: OrderEvent[] = await shop.database('order_events').where({ order_id: orderId }).pluck('event');
      const due = happened.reduce((sum, event) => sum + recipientsOf(event).length + 1, 0);
      const deliveries = await shop.database('deliveries').where({ order_id: orderId });
      return happened.length === events && deliveries.length === due;
    },
    waitOptions,
  );

/** Waits until Temporal's list, which lags, contains this number of workflows. */
const listed = (query: string, count: number) =>
  waitFor(
    `${count} workflows with ${query}`,
    async () => (await shop.temporal.workflow.count(query)).count === count,
    waitOptions,
  );

const rowOf = async (orderId: string): Promise<Order> =>
  (await shop.database('orders').where({ id: orderId }).first()).snapshot;

const readModel = ['orders', 'order_events', 'order_rejections', 'unchanged_edits'] as const;

async function everything() {
  const read = async (table: string) =>
    (await shop.database(table).select()).map(({ position: _, ...row }) => JSON.stringify(row)).sort();
  return Object.fromEntries(await Promise.all(readModel.map(async (table) => [table, await read(table)])));
}

/** Backs up the read model and returns a function that restores it. */
async function backUp(): Promise<() => Promise<void>> {
  const { database } = shop;
  const tables = [...readModel, 'deliveries'];
  const kept = await Promise.all(tables.map(async (table) => [table, await database(table).select()] as const));
  return () =>
    database.transaction(async (transaction) => {
      for (const [table, rows] of kept) {
        await transaction(table).delete();
        if (rows.length > 0) await transaction(table).insert(rows);
      }
    });
}

/** Requests the deletion of a workflow, which Temporal does in the background, as after its retention. */
async function requestDeletion(orderId: string, runId = ''): Promise<void> {
  const { namespace } = shop.temporal.options;
  const workflowExecution = { workflowId: workflowIdOf(orderId), runId };
  await shop.temporal.workflowService.deleteWorkflowExecution({ namespace, workflowExecution });
}

async function isGone(orderId: string, runId?: string): Promise<void> {
  const handle = shop.temporal.workflow.getHandle(workflowIdOf(orderId), runId);
  const gone = () =>
    handle.describe().then(
      () => false,
      ({ name }: Error) => name === 'WorkflowNotFoundError',
    );
  await waitFor('The deletion', gone, waitOptions);
}

describe('the command that reconciles all orders, after a restore of Postgres', () => {
  let young: string;
  let middle: string;
  let early: string;
  let alerted: string;
  let unchanged: Answer;
  let before: Record<string, string[]>;
  let mails: number;
  let first: Awaited<ReturnType<typeof command>>;
  let second: Awaited<ReturnType<typeof command>>;
  const edit = (headers: Record<string, string> = {}) =>
    shop.requestUntilKnown('PATCH', `/v1/orders/${young}`, { as: shop.customer, body: { note: 'Hot' }, headers });
  const repeatEdit = () => edit({ 'idempotency-key': 'no-difference' });

  beforeAll(async () => {
    young = await placed();
    middle = await placed('preparation');
    await Promise.all([waitForDeliveries(young, 1), waitForDeliveries(middle, 2)]);
    const restore = await backUp();
    early = await placed('preparation', 'ready', 'delivered');
    for (const status of ['ready', 'delivered'] as const) await shop.move(middle, status);
    await edit();
    unchanged = await repeatEdit();
    await shop.workflow(young).signal(changeStatusSignal, { status: 'delivered' });
    const placement = aFreshPlacement({ patience: { delayedAfter: 1, uncollectedAfter: 600 } });
    alerted = placement.id;
    await start(placement);
    await Promise.all([
      waitForDeliveries(young, 2),
      waitForDeliveries(middle, 4),
      waitForDeliveries(early, 4),
      waitForDeliveries(alerted, 2),
    ]);
    await Promise.all([shop.waitForEnd(middle), shop.waitForEnd(early), listed(`WorkflowType = 'order'`, 4)]);
    await waitFor('the refusal', async () => (await everything()).order_rejections?.length === 1, waitOptions);
    before = await everything();
    expect(before.unchanged_edits).toHaveLength(1);
    mails = shop.smtp.arrivals.length;
    await restore();
    expect(await everything()).not.toEqual(before);

    first = await command();
    second = await command();
  }, 90_000);

  test('restores every row', async () => {
    expect(await everything()).toEqual(before);
  });

  test('reports the repaired orders', () => {
    expect(first).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^Comparing the orders with their workflows/),
    });
    expect(first.output).toContain(`repaired  ${young}  3 entries`);
    expect(first.output).toContain(`repaired  ${middle}  2 entries`);
    expect(first.output).toContain(`repaired  ${early}  4 entries`);
    expect(first.output).toContain(`repaired  ${alerted}  2 entries`);
    expect(first.output.match(/.* compared.*\n/g)).toEqual(['4 orders compared, 4 repaired, 0 to look at\n']);
  });

  test('repairs nothing in a second run', () => {
    expect(second).toMatchObject({
      code: 0,
      output: expect.stringContaining('4 orders compared, 0 repaired, 0 to look'),
    });
  });

  test('restores the answer to the key of an unchanged edit', async () => {
    const again = await repeatEdit();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toEqual(unchanged.body);
  });

  test('sends no email again', async () => {
    await shop.move(young, 'preparation');
    await waitFor(
      'the next email',
      () => shop.emailsAbout(young).some(({ eventId }) => eventId === `${young}:3`),
      waitOptions,
    );
    expect(shop.smtp.arrivals).toHaveLength(mails + 1);
  }, 60_000);
});

describe('the reconciler after a restore of Postgres', () => {
  test('continues the order numbers after the last assigned number', async () => {
    await shop.database.raw(`SELECT setval('order_numbers', 998)`);
    const restore = await backUp();
    const numberOf = async (id: string) => (await rowOf(id)).number;
    const lost = [await placed(), await placed()];
    expect(await Promise.all(lost.map(numberOf))).toEqual([999, 1]);
    // The workflows must have made all their writes before the restore.
    await Promise.all(lost.map((id) => waitForDeliveries(id, 1)));
    await listed(`WorkflowId IN (${lost.map((id) => `'order-${id}'`)})`, 2);
    await restore();
    await shop.database.raw(`SELECT setval('order_numbers', 998)`);

    await command();

    expect(await numberOf(await placed())).toBe(2);
  }, 60_000);

  test('restores an alert and a given-up delivery', async () => {
    const placement = aFreshPlacement({ patience: { delayedAfter: 1, uncollectedAfter: 600 } });
    const first = placeOrder(placement);
    const { id: orderId, placedAt: at } = placement;
    const eventIds = [first.event.id];
    const givenUp: GivenUp = { kind: 'given_up', orderId, audience: 'shop', eventIds, at, error: 'Too late' };
    const queues = { journal: [givenUp], redis: [], customer: [], shop: [] };
    await createJournal(shop.database).record(first);
    const carried = { order: first.order, since: Date.parse(at), rejections: 0, queues, keys: [] };
    await start({ ...placement, carried });
    await waitFor('the alert', async () => (await rowOf(orderId)).flags.includes('delayed'), waitOptions);
    const deliveries = shop.database('deliveries').where({ order_id: orderId, outcome: 'given_up' });
    await waitFor('giving up', async () => (await deliveries.clone()).length === 1, waitOptions);
    await shop
      .database('order_events')
      .where({ id: `${orderId}:1:delayed` })
      .delete();
    await shop.database('orders').where({ id: orderId }).update({ snapshot: first.order });
    await deliveries.clone().delete();

    await listed(`OrderStatus = 'waiting' AND WorkflowId = 'order-${orderId}'`, 1);
    expect(await reconciled(orderId)).toMatchObject({ repaired: 2, why: undefined });

    expect((await rowOf(orderId)).flags).toEqual(['delayed']);
    expect(await deliveries.clone()).toHaveLength(1);
    expect(await reconciled(orderId)).toBeUndefined();
  }, 60_000);
});

/** An order whose first run is being deleted. Temporal needs half a minute for that, while other tests run. */
const twoRuns = { id: '', first: '' };

describe('an order that continued as new', () => {
  test('is repaired with the events of its earlier run', async () => {
    twoRuns.id = await placed('preparation');
    const { id } = twoRuns;
    twoRuns.first = (await shop.workflow(id).describe()).runId;
    const isIdle = async () => !(await shop.workflow(id).describe()).raw.pendingActivities?.length;
    await waitForDeliveries(id, 2);
    await waitFor('an idle order', isIdle, waitOptions);
    // Signals to a stopped worker make the history long enough to continue as new.
    await shop.worker!.kill('SIGSTOP');
    for (let times = 0; times < 48; times += 1) await shop.workflow(id).signal('edit', 'x'.repeat(100_000));
    await shop.worker!.kill('SIGCONT');
    const isContinued = async () => (await shop.workflow(id).describe()).runId !== twoRuns.first;
    await waitFor('the second run', isContinued, waitOptions);
    await shop.move(id, 'ready');
    await waitForDeliveries(id, 3);
    await forget(shop.database, id, 2);

    expect(await reconciled(id)).toMatchObject({ repaired: 2, why: undefined });

    expect((await rowOf(id)).version).toBe(3);
    await requestDeletion(id, twoRuns.first);
  }, 60_000);
});

describe('an order whose workflow was ended in Temporal', () => {
  test('is reported until an operator resumes it', async () => {
    const id = await placed('preparation');
    await waitForDeliveries(id, 2);
    const handle = shop.workflow(id);
    await handle.signal(changeStatusSignal, { status: 'delivered' });
    const refusals = async () => (await shop.database('order_rejections').where({ order_id: id })).length;
    await waitFor('the refusal', async () => (await refusals()) === 1, waitOptions);
    await handle.terminate('by mistake');
    await shop
      .database('deliveries')
      .where({ order_id: id, event_id: `${id}:1`, recipient: 'shop' })
      .delete();
    await listed(`ExecutionStatus = 'Terminated'`, 1);

    const found = await command();
    expect(found.code).toBe(2);
    expect(found.output).toContain(`look at   ${id}  Its workflow was terminated while it was preparation.`);
    expect(found.output).toContain(`--resume ${id}`);
    expect((await shop.move(id, 'ready')).status).toBe(409);

    // Two operators run the command at the same time, and one of them resumes the order.
    const resumed = await Promise.all([command('--resume', id), command('--resume', id)]);
    expect(resumed.map(({ code }) => code).sort()).toEqual([0, 2]);
    expect(resumed.find(({ code }) => code === 0)?.output).toContain('continues');
    expect((await shop.move(id, 'ready')).body).toMatchObject({ status: 'ready', version: 3 });
    await handle.signal(changeStatusSignal, { status: 'preparation' });
    await waitFor('the second refusal', async () => (await refusals()) === 2, waitOptions);
    expect((await shop.move(id, 'delivered')).status).toBe(200);
    await shop.waitForEnd(id);
    // The email to the shop was sent before the termination, although its delivery is not recorded.
    const mails = shop.emailsAbout(id).map(({ eventId }) => eventId);
    expect(mails.sort()).toEqual([1, 1, 2, 3, 4].map((version) => `${id}:${version}`));
    const [lost] = await shop.database('deliveries').where({ event_id: `${id}:1`, recipient: 'shop' });
    expect(lost).toMatchObject({ outcome: 'given_up', detail: expect.stringContaining('ended') });

    expect(await reconciled(id)).toBeUndefined();
    const again = await command('--resume', id);
    expect(again).toMatchObject({ code: 2, output: expect.stringContaining('is not resumed') });
  }, 60_000);

  test('continues from its last version, even if an alert was journaled later', async () => {
    const { id } = (await shop.place()).body;
    const { snapshot } = await shop.database('order_events').where({ order_id: id }).first('snapshot');
    expect((await shop.move(id, 'preparation')).status).toBe(200);
    const late = raise(snapshot, 'delayed', new Date().toISOString());
    expect(await createJournal(shop.database).record(late)).toBe('applied');
    await shop.workflow(id).terminate();
    expect((await command('--resume', id)).code).toBe(0);
    expect((await shop.move(id, 'ready')).body.version).toBe(3);
  }, 60_000);

  test('continues a counter order with its name and the person who placed it', async () => {
    const body = { lines: [await shop.line('Tea')], customerName: 'Ana' };
    const { body: placed } = await shop.place({ as: shop.barista, body });
    await shop.workflow(placed.id).terminate();
    expect((await command('--resume', placed.id)).code).toBe(0);
    const path = `/v1/orders/${placed.id}`;
    const edited = await shop.requestUntilKnown('PATCH', path, { as: shop.manager, body: { note: 'Hot' } });
    const { channel, customer, placedBy } = placed;
    expect(edited).toMatchObject({ status: 200, body: { version: 2, channel, customer, placedBy } });
    expect(await reconciled(placed.id)).toBeUndefined();
  }, 60_000);

  test('can be resumed from Postgres after Temporal has deleted its workflow', async () => {
    const key = { 'idempotency-key': 'forgotten' };
    const id = (await shop.place({ headers: key })).body.id;
    await waitForDeliveries(id, 1);
    await requestDeletion(id);
    await isGone(id);

    expect(await reconciled(id)).toMatchObject({
      repaired: 0,
      why: 'It is waiting, but has no workflow in Temporal.',
      resumable: true,
    });
    expect((await command('--resume', id)).code).toBe(0);

    expect((await shop.place({ headers: key })).body.id).toBe(id);
    const cancel = { as: shop.customer, body: {} };
    expect((await shop.requestUntilKnown('POST', `/v1/orders/${id}/cancel`, cancel)).status).toBe(200);
    await shop.waitForEnd(id);
    expect(shop.emailsAbout(id)).toHaveLength(4);
  }, 90_000);

  test('is not resumed by a command with invalid arguments', async () => {
    const wrong = await command('--settle', 'everything');
    expect(wrong.code).toBe(1);
    expect(wrong.output.trim()).toMatch(/^Unknown option '--settle'.*--resume <order id>\]\.$/s);
    const unknown = await command('--resume', 'forty-two');
    const said = '"forty-two" is not the id of an order. Usage: npm run reconcile [-- --resume <order id>].\n';
    expect(unknown).toMatchObject({ code: 1, output: said });
  }, 60_000);
});

describe('a read model that contradicts a workflow', () => {
  test('is reported and stays unchanged', async () => {
    const [ahead, other, holed] = await Promise.all([placed(), placed(), placed('preparation')]);
    const { database } = shop;
    const change = async (id: string, difference: Partial<Order>) => {
      const snapshot = { ...(await rowOf(id)), ...difference };
      await database('orders').where({ id }).update({ version: snapshot.version, snapshot });
    };
    await change(ahead, { version: 9 });
    await change(other, { note: 'A note that was never sent' });
    await database('order_events')
      .where({ id: `${holed}:1` })
      .delete();
    await listed(
      `OrderStatus IN ('waiting', 'preparation') AND WorkflowId IN (${[ahead, other, holed].map((id) => `'order-${id}'`)})`,
      3,
    );
    const before = await everything();

    expect((await reconciled(ahead))?.why).toBe('The read model is at version 9, its workflow only at 1.');
    expect((await reconciled(other))?.why).toContain('differs from its workflow');
    expect((await reconciled(holed))?.why).toContain('lacks 1 of 2 journal entries');
    expect(await everything()).toEqual(before);
  }, 30_000);
});

describe('the reconciler while Postgres is unavailable', () => {
  test('fails without a finding for an order', async () => {
    const log = { debug: () => {}, warn: () => {}, error: () => {} };
    const nowhere = connect('postgres://crema:crema@127.0.0.1:1/crema', { log });
    const records = createWorkflowRecords(shop.temporal, taskQueue);
    const dependencies = { records, orders: createOrderRepository(nowhere), journal: createJournal(nowhere) };
    await expect(reconcilePage(dependencies)).rejects.toThrow('ECONNREFUSED');
    await nowhere.destroy();
  });
});

describe('a killed worker', () => {
  test('repeats only the current page of the reconciler', async () => {
    const orders = Array.from({ length: 22 }, () => aFreshPlacement());
    await shop.worker?.kill();
    for (const order of orders) await (await start(order)).terminate('in bulk');
    await listed(
      `WorkflowId IN (${orders.map(({ id }) => `'${workflowIdOf(id)}'`)}) AND ExecutionStatus = 'Terminated'`,
      orders.length,
    );
    await shop.openWorker();
    // An open transaction on one order blocks the reconciler.
    const ids = orders.map(({ id }) => id);
    const id = ids[11];
    const blocker = await shop.database.transaction();
    const row = {
      customer_id: randomUUID(),
      number: 1,
      status: 'waiting',
      version: 1,
      snapshot: {},
      placed_at: new Date(),
    };
    await blocker('orders').insert({ id, ...row });
    const handle = await shop.temporal.workflow.start(reconcileWorkflowType, {
      taskQueue,
      workflowId: 'reconcile-in-small-steps',
      args: [{ size: 1 }],
    });
    await waitFor('the reconciler', async () => (await lockWaits(shop.database)).length > 0, waitOptions);
    await shop.worker?.kill();
    await blocker.rollback();
    await shop.openWorker();

    const found = await handle.result();
    expect(await shop.database('orders').whereIn('id', ids)).toHaveLength(orders.length);
    // The entry that was written at the time of the kill may not be counted.
    expect(found.repaired).toBeGreaterThanOrEqual(orders.length - 1);
    expect(found.findings.filter(({ resumable }: Finding) => resumable).length).toBeGreaterThanOrEqual(orders.length);
    const runs = await runsOf(async (runId) => {
      const history = await shop.temporal.workflow.getHandle(handle.workflowId, runId).fetchHistory();
      return history.events ?? [];
    });
    expect(runs.length).toBeGreaterThan(1);
    const tries = runs.map((events) =>
      events.flatMap(({ activityTaskStartedEventAttributes: started }) => started?.attempt ?? []),
    );
    // The first activity repeats erasures; each other one compares a page.
    expect(tries[0]).toHaveLength(21);
    expect(tries.flat().filter((attempt) => attempt > 1)).toHaveLength(1);
  }, 90_000);
});

describe('the schedule', () => {
  test('starts the reconciler, whose result contains the findings', async () => {
    const scheduleId = reconcileScheduleIdOf(taskQueue);
    expect((await run('worker/prepare-namespace.ts')).code).toBe(0);
    await shop.temporal.schedule.getHandle(scheduleId).trigger();
    const ended = `WorkflowType = 'reconcile' AND TemporalScheduledById = '${scheduleId}' AND ExecutionStatus = 'Completed'`;
    await listed(ended, 1);
    const found = [];
    for await (const { workflowId } of shop.temporal.workflow.list({ query: ended }))
      found.push(await shop.temporal.workflow.getHandle(workflowId).result());
    const [{ findings, ...counts }] = found;
    expect(counts).toEqual({ erased: 0, compared: expect.any(Number), repaired: 0, toLookAt: findings.length });
    expect(findings.length).toBeGreaterThan(0);
  }, 60_000);
});

describe('an order whose earlier run was deleted by Temporal', () => {
  test('is reported only if the read model lacks events of that run', async () => {
    const { id, first } = twoRuns;
    await isGone(id, first);

    expect(await reconciled(id)).toBeUndefined();
    await forget(shop.database, id, 2);
    expect(await reconciled(id)).toMatchObject({
      why: expect.stringContaining('no longer keeps the versions in between'),
    });
  }, 90_000);
});

describe('an unreadable order', () => {
  test('is reported, and the others are still compared', async () => {
    const { id } = aFreshPlacement();
    const workflowId = workflowIdOf(id);
    // Its start argument contains no placement.
    await shop.temporal.workflow.start(orderWorkflowType, { workflowId, taskQueue });
    const lacking = await placed();
    await waitForDeliveries(lacking, 1);
    await shop.database('order_events').where({ order_id: lacking }).delete();
    await shop.database('orders').where({ id: lacking }).delete();
    await listed(`WorkflowId IN ('${workflowId}', '${workflowIdOf(lacking)}')`, 2);

    expect((await reconciled(id))?.why).toContain('It cannot be compared');
    expect((await rowOf(lacking)).version).toBe(1);
  }, 60_000);
});

describe('an order whose workflow task keeps failing', () => {
  test('is reported and counted, and can be resumed after its termination', async () => {
    const placement = aFreshPlacement();
    // An order with the lenient parser accepts a product name that is too large for an activity.
    const options = { workflowId: workflowIdOf(placement.id), taskQueue, args: [placement, { events: 4_000 }] };
    const handle = await shop.temporal.workflow.start(orderWorkflowType, options);
    await waitForDeliveries(placement.id, 1);
    const [line] = (await rowOf(placement.id)).lines;
    await handle.signal('edit', { lines: [{ ...line, id: 'another', product: 'x'.repeat(900_000) }] });
    const failures = async () => {
      const text = await (await fetch(`${shop.worker!.url}/metrics`)).text();
      return Number(/^crema_workflow_tasks_failed_total (\d+)$/m.exec(text)?.[1]);
    };
    await waitFor('a second failure', async () => (await failures()) >= 2, waitOptions);
    await listed(`WorkflowId = '${handle.workflowId}'`, 1);

    expect((await reconciled(placement.id))?.why).toMatch(/^Its workflow task keeps failing: [A-Z_]+\.$/);
    await handle.terminate();
    await listed(`WorkflowId = '${handle.workflowId}' AND ExecutionStatus = 'Terminated'`, 1);
    expect((await reconciled(placement.id))?.resumable).toBe(true);
    expect((await command('--resume', placement.id)).code).toBe(0);
    expect((await shop.move(placement.id, 'preparation')).status).toBe(200);
  }, 90_000);
});
