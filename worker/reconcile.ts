import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { z } from 'zod';
import { eraseAgain } from '../activities/erase.ts';
import { type Cursor, type Finding, reconcilePage } from '../activities/reconcile-orders.ts';
import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { clientConnection } from '../config/temporal-connection.ts';
import { connect } from '../db/connection.ts';
import { createCustomerNames } from '../db/customer-names.ts';
import { errorSummary } from '../db/error-summary.ts';
import { createJournal } from '../db/journal.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createUserRepository } from '../db/users.ts';
import { cut } from '../domain/text.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';
import { createSigningKeys } from '../workflows/payloads/signing-keys.ts';
import { createErasureRecords } from './erasure-records.ts';
import { resumeOrder } from './resume-order.ts';
import { readReconcileSettings } from './settings.ts';
import { checkShop } from './task-queue-owner.ts';
import { createWorkflowRecords } from './workflow-records.ts';

const orderId = z.uuid().toLowerCase();

/** The time between two progress lines, in ms. */
const PROGRESS_INTERVAL_MS = 10_000;

// `npm run reconcile`: repeats erasures, compares every order with its workflow and corrects the read model. With
// `-- --resume <order>`, it starts a new workflow for an order whose workflow ended early. Exit code 2: an operator must look at
// an order, or the order could not be resumed.
await runCommand(async () => {
  const { resume: orderId } = readArguments();
  const settings = readReconcileSettings(readEnvironment());
  printServicesInUse(settings);
  const connection = await Connection.connect(clientConnection(settings));
  const database = connect(settings.DATABASE_URL, { name: 'crema-reconcile' });
  const dataConverter = createDataConverter(settings.PAYLOAD_KEYS);
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE, dataConverter });
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const dependencies = {
    records: createWorkflowRecords(client, taskQueue),
    orders: createOrderRepository(database),
    journal: createJournal(database),
  };
  try {
    await checkShop(connection, settings, database);
    if (orderId !== undefined) await resume(orderId);
    else await reconcile();
  } finally {
    await database.destroy();
    await connection.close();
  }

  async function resume(orderId: string): Promise<void> {
    const alertThresholds = {
      delayedAfter: settings.ORDER_DELAYED_AFTER,
      uncollectedAfter: settings.ORDER_UNCOLLECTED_AFTER,
    };
    const signingKeys = createSigningKeys(settings.PAYLOAD_KEYS);
    const why = await resumeOrder({ ...dependencies, client, taskQueue, alertThresholds, signingKeys }, orderId);
    console.log(
      why ? `Order ${orderId} is not resumed. ${why}` : `Order ${orderId} continues where its workflow ended.`,
    );
    if (why) process.exitCode = 2;
  }

  async function reconcile(): Promise<void> {
    const erased = await eraseAgain({
      erasures: createErasureRecords(client, taskQueue),
      users: createUserRepository(database),
    });
    if (erased > 0) console.log(`Erased again: ${erased} deleted users.`);
    const names = await createCustomerNames(database).deleteEnded(settings.CUSTOMER_NAME_DAYS);
    if (names > 0) console.log(`Deleted: the names of ${names} counter orders.`);
    console.log('Comparing the orders with their workflows …');
    const total = { compared: 0, repaired: 0, toLookAt: 0 };
    let progressAt = Date.now() + PROGRESS_INTERVAL_MS;
    let cursor: Cursor | undefined;
    do {
      const { compared, findings, next } = await reconcilePage(dependencies, { cursor });
      findings.forEach(print);
      total.compared += compared;
      total.repaired += findings.filter(({ repaired }) => repaired > 0).length;
      total.toLookAt += findings.filter(({ why }) => why).length;
      if (Date.now() >= progressAt) {
        console.log(`${total.compared} orders compared so far …`);
        progressAt = Date.now() + PROGRESS_INTERVAL_MS;
      }
      cursor = next;
    } while (cursor);
    console.log(`${total.compared} orders compared, ${total.repaired} repaired, ${total.toLookAt} to look at`);
    if (total.toLookAt > 0) process.exitCode = 2;
  }
});

function readArguments(): { resume?: string } {
  try {
    const { resume } = parseArgs({ options: { resume: { type: 'string' } } }).values;
    if (resume === undefined) return {};
    const { data, error } = orderId.safeParse(resume);
    if (error) throw new Error(`${JSON.stringify(cut(resume, 100))} is not the id of an order`);
    return { resume: data };
  } catch (error) {
    throw new ConfigurationError(
      `${errorSummary(error).replace(/\.$/, '')}. Usage: npm run reconcile [-- --resume <order id>].`,
    );
  }
}

function print({ orderId, repaired, why, resumable }: Finding): void {
  if (repaired > 0) console.log(`  repaired  ${orderId}  ${repaired} ${repaired === 1 ? 'entry' : 'entries'}`);
  const hint = resumable ? ` To resume it: npm run reconcile -- --resume ${orderId}` : '';
  if (why) console.log(`  look at   ${orderId}  ${why}${hint}`);
}
