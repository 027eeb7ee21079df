import { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type LogLevel,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { Redis } from 'ioredis';
import { createActivities } from '../activities/create-activities.ts';
import { createMailer } from '../activities/email/transport/mailer.ts';
import type { Logger } from '../config/logger.ts';
import type { WorkerConfig } from '../config/settings.ts';
import { temporalConnection } from '../config/temporal-connection.ts';
import { createAccountRequestRepository } from '../db/account-requests.ts';
import { connect } from '../db/connection.ts';
import { createDeliveryLedger } from '../db/deliveries.ts';
import { createJournal } from '../db/journal.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createUserRepository } from '../db/users.ts';
import { emailTaskQueueOf } from '../workflows/messages/definitions.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';
import { createErasureRecords } from './erasure-records.ts';
import { createHealthServer } from './health-server.ts';
import { createWorkflowRecords } from './workflow-records.ts';
import { workflowsPath } from './workflows-path.ts';

/** How long Redis may take to answer, in ms. A frozen Redis must not hold an activity's slot. */
const REDIS_DEADLINE_MS = 2_000;

/** As many as the mailer has connections; a mail server that hangs holds no more. */
const EMAILS_AT_ONCE = 5;

/** How the SDK's levels are called in our log. */
const write = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/** The least that the SDK must say, for a level of our log. At TRACE it would write every payload down, decrypted. */
const heard = (logLevel: string): LogLevel =>
  (['DEBUG', 'INFO', 'WARN'] as const).find((level) => [write[level], 'trace'].includes(logLevel)) ?? 'ERROR';

/** A worker at work. */
export interface RunningWorker {
  /** Settles when the worker has stopped; rejects when it failed. */
  finished: Promise<void>;
  /** Takes no new work, lets what runs finish, then closes everything. */
  stop(): void;
}

/**
 * Wires one worker process together and starts it.
 *
 * @throws when Temporal cannot be reached
 */
export async function startWorker(config: WorkerConfig, logger: Logger): Promise<RunningWorker> {
  Runtime.install({
    // What nobody reads is not even put together: the SDK has much to say at its lower levels.
    logger: new DefaultLogger(heard(config.LOG_LEVEL), ({ level, message, meta }) => {
      // The token says nothing to people and is longer than all the rest. Of `error`, pino would write `{}`.
      const { taskToken: _, error: err, ...known } = meta ?? {};
      logger[write[level]]({ ...known, ...(err !== undefined && { err }) }, message);
    }),
    shutdownSignals: [],
  });
  const connection = await NativeConnection.connect(temporalConnection(config));
  const database = connect(config.DATABASE_URL, { name: 'crema-worker', log: logger });
  const redis = new Redis(config.REDIS_URL, {
    // What was not sent in time has failed, and is not to be sent behind its activity's back.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    commandTimeout: REDIS_DEADLINE_MS,
    connectTimeout: REDIS_DEADLINE_MS,
  });
  redis.on('error', (error) => logger.warn({ err: error }, 'Redis cannot be reached'));
  const mailer = createMailer(config);
  const dataConverter = createDataConverter(config.PAYLOAD_KEYS);

  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE, dataConverter });
  const { email, accountMail, ...others } = createActivities({
    journal: createJournal(database),
    orders: createOrderRepository(database),
    records: createWorkflowRecords(client),
    erasures: createErasureRecords(client),
    ledger: createDeliveryLedger(database),
    users: createUserRepository(database),
    accountRequests: createAccountRequestRepository(database),
    redis,
    mailer,
    ordersEmail: config.ORDERS_EMAIL,
    publicUrl: config.PUBLIC_URL,
  });
  const options = {
    connection,
    namespace: config.TEMPORAL_NAMESPACE,
    dataConverter,
    ...deploymentOptions(config),
    // A deploy must not cut an email that is being sent (0 by default).
    shutdownGraceTime: '20s',
    shutdownForceTime: '30s',
  };
  const workers = await Promise.all([
    Worker.create({
      ...options,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      workflowBundle: config.WORKFLOW_BUNDLE
        ? { codePath: config.WORKFLOW_BUNDLE }
        : // Says little: at its usual level the bundler lists every file.
          await bundleWorkflowCode({
            workflowsPath,
            ...(dataConverter.failureConverterPath && { failureConverterPath: dataConverter.failureConverterPath }),
            logger: new DefaultLogger('WARN'),
          }),
      activities: others,
      // After a worker dies, an order waits this long for it before another one takes over (10 s by default).
      stickyQueueScheduleToStartTimeout: '2s',
    }),
    Worker.create({
      ...options,
      taskQueue: emailTaskQueueOf(config.TEMPORAL_TASK_QUEUE),
      activities: { email, accountMail },
      maxConcurrentActivityTaskExecutions: EMAILS_AT_ONCE,
    }),
  ]);
  const state = () => workers.map((worker) => worker.getState()).find((each) => each !== 'RUNNING') ?? 'RUNNING';
  const health = createHealthServer(state, {
    postgres: async () => database.raw('SELECT 1'),
    redis: () => redis.ping(),
    temporal: () => connection.workflowService.getSystemInfo({}),
  });
  await health.listen(config.WORKER_HEALTH_PORT, config.HOST);

  function stop(): void {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  async function run(): Promise<void> {
    try {
      // One that fails takes the others with it.
      await Promise.all(workers.map((worker) => worker.run().finally(stop)));
    } finally {
      await health.close();
      mailer.close();
      redis.disconnect();
      await database.destroy();
      await connection.close();
    }
  }

  return { finished: run(), stop };
}

/** Orders go on with the newest build that Temporal routes them to (docs/adr/0006). */
function deploymentOptions({
  WORKER_DEPLOYMENT: deploymentName,
  WORKER_BUILD_ID: buildId,
}: WorkerConfig): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (!deploymentName || !buildId) return {};
  const version = { deploymentName, buildId };
  return {
    workerDeploymentOptions: { useWorkerVersioning: true, version, defaultVersioningBehavior: 'AUTO_UPGRADE' },
  };
}
