import { Counter } from '@prometheus-io/client';
import { Client } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type LogLevel,
  type MetricsExporterConfig,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import { createActivities } from '../activities/create-activities.ts';
import { MAX_WAITING_RETRIES } from '../activities/deliver-webhook.ts';
import { createMailer } from '../activities/email/mailer.ts';
import { countEmails, countWebhooks } from '../activities/metrics.ts';
import type { Logger } from '../config/logger.ts';
import { createRegistry, type Registry, readersOfMetrics } from '../config/metrics.ts';
import { connectRedis, subscribeToRedis } from '../config/redis-connection.ts';
import { requireLanguage } from '../config/setting-groups.ts';
import { temporalConnection } from '../config/temporal-connection.ts';
import { createAccountRequestRepository } from '../db/account-requests.ts';
import { connect } from '../db/connection.ts';
import { createDeliveryLedger } from '../db/deliveries.ts';
import { createEmailSuppressions } from '../db/email-suppressions.ts';
import { createEventLog } from '../db/event-log.ts';
import { createJournal } from '../db/journal.ts';
import { countEvents, measurePool } from '../db/metrics.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createUserRepository } from '../db/users.ts';
import { createWebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import { createWebhookOutbox } from '../db/webhook-outbox.ts';
import { createWebhookRepository } from '../db/webhooks.ts';
import { checkWritable } from '../db/writable.ts';
import { ORDERS_CHANNEL } from '../domain/order/cloud-event.ts';
import { MAX_WEBHOOKS } from '../domain/webhook/webhook.ts';
import { languages } from '../mail/languages/index.ts';
import { createAttemptDelivery } from '../webhooks/attempt-delivery.ts';
import { createEndpointPolicy } from '../webhooks/endpoint-policy.ts';
import { createEndpointQueues } from '../webhooks/endpoint-queues.ts';
import { createSeal } from '../webhooks/secret-seal.ts';
import { createSender } from '../webhooks/sender.ts';
import { WEBHOOKS_CHANNEL } from '../webhooks/wake-up-notifier.ts';
import { emailTaskQueueOf } from '../workflows/messages/definitions.ts';
import { webhookTaskQueueOf } from '../workflows/messages/webhooks.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';
import { createErasureRecords } from './erasure-records.ts';
import { createHealthServer, type MetricsPage } from './health-server.ts';
import { checkShop } from './reconcile-schedule.ts';
import type { WorkerSettings } from './settings.ts';
import { createScheduleResend } from './unanswered-emails.ts';
import { startWebhookDispatcher } from './webhooks/dispatcher.ts';
import { createWorkflowRecords } from './workflow-records.ts';
import { workflowsPath } from './workflows-path.ts';

/** How long Redis may take to answer, in ms. A frozen Redis must not hold an activity's slot. */
const REDIS_DEADLINE_MS = 2_000;

/** What the health check writes to Redis, and for how long it stays, in seconds. */
const HEALTH_KEY = 'crema:health';
const HEALTH_KEY_S = 60;

/** Activities that send emails; a mail server that hangs holds no more. */
const EMAILS_AT_ONCE = 5;

/** Attempts to one endpoint at the same time. */
const ATTEMPTS_PER_ENDPOINT = 10;

/** Activity slots for deliveries that find the queue of their endpoint full. */
const SPARE_WEBHOOK_SLOTS = 50;

/** The longest pause between two attempts at a webhook delivery, in ms. */
const WEBHOOK_LONGEST_PAUSE_MS = 3 * 60 * 60 * 1_000;

/** How long the SDK, in this very process, may take to show its metrics, in ms. */
const SDK_DEADLINE_MS = 2_000;

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How the SDK's native part says that a workflow task has failed. */
const FAILING_TASK = /^Failing workflow task/;

/** How the SDK's levels are called in our log. */
const write = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * The least that the SDK must say, for a level of our log. At TRACE it would write every payload down, decrypted; of its
 * warnings, some are counted.
 */
const heard = (logLevel: string): LogLevel =>
  (['DEBUG', 'INFO'] as const).find((level) => [write[level], 'trace'].includes(logLevel)) ?? 'WARN';

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
 * @throws when Temporal or Postgres cannot be reached
 * @throws {ConfigurationError} if the task queue belongs to another shop, whose orders it would harm
 */
export async function startWorker(config: WorkerSettings, logger: Logger): Promise<RunningWorker> {
  const metrics = createRegistry();
  const failingTasks = new Counter({
    name: 'crema_workflow_tasks_failed_total',
    help: 'Workflow tasks that failed; Temporal retries each until the cause is fixed.',
    registers: [metrics],
  });
  Runtime.install({
    // What nobody reads is not even put together: the SDK has much to say at its lower levels.
    logger: new DefaultLogger(heard(config.LOG_LEVEL), ({ level, message, meta }) => {
      if (FAILING_TASK.test(message)) failingTasks.inc();
      // The token says nothing to people and is longer than all the rest. Of `error`, pino would write `{}`.
      const { taskToken: _, error: err, ...known } = meta ?? {};
      logger[write[level]]({ ...known, ...(err !== undefined && { err }) }, message);
    }),
    telemetryOptions: {
      // What the SDK's native part says, too, is a line of our log, without secrets.
      logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } },
      ...(config.TEMPORAL_METRICS_PORT && { metrics: sdkMetrics(config.TEMPORAL_METRICS_PORT) }),
    },
    shutdownSignals: [],
  });
  requireLanguage(config.SHOP_LANGUAGE, [...languages.keys()]);
  const connection = await NativeConnection.connect(temporalConnection(config));
  const database = connect(config.DATABASE_URL, { name: 'crema-worker', log: logger });
  await checkShop(connection, config, database);
  measurePool(metrics, database);
  const redis = connectRedis(
    config.REDIS_URL,
    {
      connectionName: 'crema-worker',
      // A command that was not sent in time has failed: it must not be sent after its activity has ended.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 1,
      commandTimeout: REDIS_DEADLINE_MS,
    },
    { logger, consequence: 'events are published when it can be used again' },
  );
  const timeouts = { transfer: config.EMAIL_TIMEOUT * 1_000, answer: config.EMAIL_ANSWER_TIMEOUT * 1_000 };
  const mailer = countEmails(metrics, createMailer(config, timeouts));
  const dataConverter = createDataConverter(config.PAYLOAD_KEYS);

  const client = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE, dataConverter });
  const deliveries = countWebhooks(metrics, createWebhookDeliveryRepository(database));
  const webhooks = createWebhookRepository(database);
  const seal = createSeal(config.PAYLOAD_KEYS);
  const endpointPolicy = createEndpointPolicy({
    httpsOnly: config.NODE_ENV === 'production',
    allowedNetworks: config.WEBHOOK_ALLOWED_NETWORKS,
  });
  const endpointQueues = createEndpointQueues(ATTEMPTS_PER_ENDPOINT);
  const attemptDelivery = createAttemptDelivery({
    deliveries,
    send: createSender({ addressesOf: endpointPolicy.addressesOf, timeout: config.WEBHOOK_TIMEOUT * 1_000 }),
    unseal: seal.unseal,
    publicUrl: config.PUBLIC_URL,
    disableAfter: config.WEBHOOK_DISABLE_AFTER * 1_000,
    logger,
  });
  const {
    email,
    firstEmails,
    resendUnanswered,
    resendEmail,
    accountMail,
    webhookNotice,
    deliverWebhook,
    settleWebhook,
    ...others
  } = createActivities({
    journal: countEvents(metrics, createJournal(database)),
    orders: createOrderRepository(database),
    records: createWorkflowRecords(client, config.TEMPORAL_TASK_QUEUE),
    erasures: createErasureRecords(client, config.TEMPORAL_TASK_QUEUE),
    ledger: createDeliveryLedger(database),
    users: createUserRepository(database),
    accountRequests: createAccountRequestRepository(database),
    suppressions: createEmailSuppressions(database),
    redis,
    mailer,
    unansweredPauseMs: config.EMAIL_UNANSWERED_RETRY_AFTER * 1_000,
    scheduleResend: createScheduleResend(client, config.TEMPORAL_TASK_QUEUE),
    ordersEmail: config.ORDERS_EMAIL,
    shopLanguage: config.SHOP_LANGUAGE,
    shopName: config.SHOP_NAME,
    timeZone: config.SHOP_TIME_ZONE,
    publicUrl: config.PUBLIC_URL,
    webhooks,
    webhookDeliveries: deliveries,
    attemptDelivery,
    endpointQueues,
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
  const workflowBundle = config.WORKFLOW_BUNDLE
    ? { codePath: config.WORKFLOW_BUNDLE }
    : // Says little: at its usual level the bundler lists every file.
      await bundleWorkflowCode({
        workflowsPath,
        ...(dataConverter.failureConverterPath && { failureConverterPath: dataConverter.failureConverterPath }),
        logger: new DefaultLogger('WARN'),
      });
  const workers = await Promise.all([
    Worker.create({
      ...options,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      workflowBundle,
      activities: others,
      // After a worker dies, an order waits this long for it before another one takes over (10 s by default).
      stickyQueueScheduleToStartTimeout: '2s',
      // One thread replays them all, so more at a time would each take longer, and their tasks would time out (ADR 14).
      maxConcurrentWorkflowTaskExecutions: 16,
    }),
    Worker.create({
      ...options,
      taskQueue: emailTaskQueueOf(config.TEMPORAL_TASK_QUEUE),
      activities: { email, firstEmails, resendUnanswered, resendEmail, accountMail, webhookNotice },
      maxConcurrentActivityTaskExecutions: EMAILS_AT_ONCE,
    }),
    Worker.create({
      ...options,
      taskQueue: webhookTaskQueueOf(config.TEMPORAL_TASK_QUEUE),
      workflowBundle,
      // They do next to nothing, and most of them wait: no need to keep them, nor for a second thread.
      maxCachedWorkflows: 100,
      workflowThreadPoolSize: 1,
      activities: { deliverWebhook, settleWebhook },
      // Enough for every endpoint: one that hangs delays no other.
      maxConcurrentActivityTaskExecutions:
        MAX_WEBHOOKS * (ATTEMPTS_PER_ENDPOINT + MAX_WAITING_RETRIES) + SPARE_WEBHOOK_SLOTS,
    }),
  ]);
  const state = () => workers.map((worker) => worker.getState()).find((each) => each !== 'RUNNING') ?? 'RUNNING';
  const health = createHealthServer(
    config.INSTANCE_ID,
    state,
    {
      postgres: () => checkWritable(database),
      // A replica answers PING, too, but refuses the script that publishes: it writes to a stream.
      redis: () => redis.set(HEALTH_KEY, config.INSTANCE_ID, 'EX', HEALTH_KEY_S),
      temporal: () => connection.workflowService.getSystemInfo({}),
      webhooks: () => dispatcher.check(),
    },
    metricsPage(config, metrics),
  );
  await health.listen(config.WORKER_HEALTH_PORT, config.HOST);
  const retry = {
    first: config.WEBHOOK_RETRY_AFTER * 1_000,
    longest: WEBHOOK_LONGEST_PAUSE_MS,
    limit: config.WEBHOOK_RETRY_FOR * 1_000,
  };
  const dispatcher = startWebhookDispatcher(
    {
      client,
      log: createEventLog(database),
      outbox: createWebhookOutbox(database),
      deliveries,
      webhooks,
      attemptDelivery,
      endpointQueues,
      seal,
      logger,
    },
    {
      instance: config.INSTANCE_ID,
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      retry,
      keepFor: config.WEBHOOK_LOG_DAYS * DAY_MS,
    },
  );
  const news = subscribeToRedis(
    config.REDIS_URL,
    [ORDERS_CHANNEL, WEBHOOKS_CHANNEL],
    { connectionName: 'crema-dispatcher' },
    { logger, consequence: 'the dispatcher of webhooks polls every second' },
  );
  news.on('message', dispatcher.wake);

  function stop(): void {
    // What it has begun ends while the workers finish theirs; `run` waits for both.
    void dispatcher.stop();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  async function run(): Promise<void> {
    try {
      // One that fails takes the others with it.
      await Promise.all(workers.map((worker) => worker.run().finally(stop)));
    } finally {
      await dispatcher.stop();
      await health.close();
      mailer.close();
      news.disconnect();
      redis.disconnect();
      await database.destroy();
      await connection.close();
    }
  }

  return { finished: run(), stop };
}

/** Names and units as Prometheus has them, and on this machine alone: the page of the worker passes them on. */
const sdkMetrics = (port: number): MetricsExporterConfig => ({
  prometheus: {
    bindAddress: `127.0.0.1:${port}`,
    countersTotalSuffix: true,
    unitSuffix: true,
    useSecondsForDurations: true,
  },
});

/** The worker's own metrics, and those of the SDK where they are wanted. */
function metricsPage(config: WorkerSettings, registry: Registry): MetricsPage | undefined {
  const mayRead = readersOfMetrics(config);
  const port = config.TEMPORAL_METRICS_PORT;
  const ofSdk = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(SDK_DEADLINE_MS) });
    if (!answer.ok) throw new Error(`whoever has TEMPORAL_METRICS_PORT answers ${answer.status}`);
    return answer.text();
  };
  const text = async () => (port ? `${await registry.metrics()}\n${await ofSdk()}` : registry.metrics());
  return mayRead && { contentType: registry.contentType, text, mayRead };
}

/** Orders go on with the newest build that Temporal routes them to (docs/adr/0006). */
function deploymentOptions({
  WORKER_DEPLOYMENT: deploymentName,
  WORKER_BUILD_ID: buildId,
}: WorkerSettings): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (!deploymentName || !buildId) return {};
  const version = { deploymentName, buildId };
  return {
    workerDeploymentOptions: { useWorkerVersioning: true, version, defaultVersioningBehavior: 'AUTO_UPGRADE' },
  };
}
