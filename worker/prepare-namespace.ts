import { parseArgs } from 'node:util';
import { Connection } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { ConfigurationError, readEnvironment } from '../config/environment.ts';
import { runCommand } from '../config/run-command.ts';
import { printServicesInUse } from '../config/services-in-use.ts';
import { clientConnection } from '../config/temporal-connection.ts';
import { connect } from '../db/connection.ts';
import { errorSummary } from '../db/error-summary.ts';
import { searchAttributes } from '../workflows/messages/definitions.ts';
import { scheduleReconciler } from './reconcile-schedule.ts';
import { readNamespaceSettings } from './settings.ts';
import { readShop } from './task-queue-owner.ts';

// `npm run prepare-namespace`: adds missing search attributes and the reconciler's schedule to Temporal's namespace. It runs
// after the migrations, before every start.

/** Temporal's numbers for the types of search attributes (`temporal.api.enums.v1.IndexedValueType`). */
const indexedValueType: Record<string, number> = {
  [SearchAttributeType.KEYWORD]: 2,
  [SearchAttributeType.INT]: 3,
  [SearchAttributeType.DOUBLE]: 4,
};

/** The timeout of all calls to Temporal together, in ms. */
const TIMEOUT_MS = 30_000;

/** The recommended retention of ended workflows, in days. Backups up to this age can then be reconciled completely. */
const MIN_RETENTION_DAYS = 30;
const DAY_S = 24 * 60 * 60;

await runCommand(async () => {
  const { replace } = readArguments();
  const settings = readNamespaceSettings(readEnvironment());
  printServicesInUse(settings);
  const database = connect(settings.DATABASE_URL, { max: 1, name: 'crema-prepare-namespace' });
  const shop = await readShop(database).finally(() => database.destroy());
  const connection = await Connection.connect(clientConnection(settings));
  try {
    await connection.withDeadline(Date.now() + TIMEOUT_MS, async () => {
      const names = (await registerSearchAttributes(connection, settings.TEMPORAL_NAMESPACE)).join(', ');
      console.log(names ? `Registered search attributes: ${names}` : 'The search attributes are registered.');
      await scheduleReconciler(connection, settings, { shop, replace });
      console.log(`The reconciler runs every ${settings.RECONCILE_EVERY} minutes.`);
      const warning = await retentionWarning(connection, settings.TEMPORAL_NAMESPACE);
      if (warning) console.warn(warning);
    });
  } finally {
    await connection.close();
  }
});

function readArguments(): { replace: boolean } {
  try {
    return parseArgs({ options: { replace: { type: 'boolean', default: false } } }).values;
  } catch (error) {
    throw new ConfigurationError(
      `${errorSummary(error).replace(/\.$/, '')}. Usage: npm run prepare-namespace [-- --replace].`,
    );
  }
}

/** @returns the names of the added search attributes */
async function registerSearchAttributes({ operatorService }: Connection, namespace: string): Promise<string[]> {
  const { customAttributes } = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(searchAttributes).filter(({ name }) => !(name in customAttributes));
  if (missing.length > 0) {
    const types = Object.fromEntries(missing.map(({ name, type }) => [name, indexedValueType[type]]));
    await operatorService.addSearchAttributes({
      namespace,
      searchAttributes: types as Record<string, number>,
    });
  }
  return missing.map(({ name }) => name);
}

/** Returns a warning if the namespace deletes ended workflows too early. */
async function retentionWarning({ workflowService }: Connection, namespace: string): Promise<string | undefined> {
  const { config } = await workflowService.describeNamespace({ namespace });
  const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / DAY_S;
  // 0 means that ended workflows are kept forever.
  if (days === 0 || days >= MIN_RETENTION_DAYS) return undefined;
  return (
    `Warning: the namespace ${namespace} keeps closed workflows for ${Number(days.toFixed(1))} days, so backups older than that cannot be ` +
    `reconciled. Run: temporal operator namespace update --namespace ${namespace} --retention ${MIN_RETENTION_DAYS * 24}h`
  );
}
