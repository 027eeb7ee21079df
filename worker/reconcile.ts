import { Client, Connection } from '@temporalio/client';
import { eraseAgain } from '../activities/erase.ts';
import { reconcileOrders } from '../activities/reconcile-orders.ts';
import { readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { readReconcileConfig } from '../config/settings.ts';
import { connect } from '../db/connection.ts';
import { createJournal } from '../db/journal.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createUserRepository } from '../db/users.ts';
import { createErasureRecords } from './erasure-records.ts';
import { createWorkflowRecords } from './workflow-records.ts';

// `npm run reconcile`: forgets again who was erased, compares every order with its workflow and mends the read model. Exit code 2: somebody must look.
await runCommand(async () => {
  const config = readReconcileConfig(readEnvironment());
  const connection = await Connection.connect({ address: config.TEMPORAL_ADDRESS });
  const database = connect(config.DATABASE_URL, { max: 2, name: 'crema-reconcile' });
  try {
    const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
    const erased = await eraseAgain({ erasures: createErasureRecords(client), users: createUserRepository(database) });
    if (erased > 0) console.log(`Erased again, as they had asked: ${erased}.`);
    const { checked, repaired, unrepairable } = await reconcileOrders(
      {
        records: createWorkflowRecords(client),
        orders: createOrderRepository(database),
        journal: createJournal(database),
      },
      (count) => count % 1_000 === 0 && console.log(`${count} orders checked`),
    );
    console.log(`${checked} orders checked, ${repaired.length} repaired, ${unrepairable.length} to look at.`);
    for (const orderId of repaired) console.log(`  repaired  ${orderId}`);
    for (const { orderId, why } of unrepairable) console.log(`  look at   ${orderId}  ${why}`);
    if (unrepairable.length > 0) process.exitCode = 2;
  } finally {
    await database.destroy();
    await connection.close();
  }
});
