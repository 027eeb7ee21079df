import { Client } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { createMailer } from '../activities/email/mailer.ts';
import { countEmails } from '../activities/metrics.ts';
import type { Logger } from '../config/logger.ts';
import { createRegistry } from '../config/metrics.ts';
import { connectRedis } from '../config/redis-connection.ts';
import { requireLanguage } from '../config/setting-groups.ts';
import { temporalConnection } from '../config/temporal-connection.ts';
import { connect } from '../db/connection.ts';
import { measurePool } from '../db/metrics.ts';
import { checkWritable } from '../db/writable.ts';
import { languages } from '../languages/index.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';
import { composeActivities } from './compose-activities.ts';
import { createHealthServer } from './health-server.ts';
import { installRuntime, metricsPage } from './sdk-runtime.ts';
import type { WorkerSettings } from './settings.ts';
import { checkShop } from './task-queue-owner.ts';
import { createTemporalWorkers } from './temporal-workers.ts';
import { createWebhookSending, startWebhooks } from './webhooks/start-webhooks.ts';

/** The timeout of a Redis command, in ms. A frozen Redis must not occupy an activity slot for long. */
const REDIS_TIMEOUT_MS = 2_000;

/** The key that the health check writes to Redis, and its time to live in seconds. */
const HEALTH_KEY = 'crema:health';
const HEALTH_KEY_S = 60;

/**
 * Composes and starts a worker process.
 *
 * @returns `stop` ends the worker after the work in progress; `finished` resolves when the worker has stopped, and rejects if it
 *   failed
 * @throws when Temporal or Postgres is unavailable
 * @throws {ConfigurationError} if the task queue belongs to another shop
 */
export async function startWorker(settings: WorkerSettings, logger: Logger) {
  const metrics = createRegistry();
  installRuntime(settings, logger, metrics);
  requireLanguage(settings.SHOP_LANGUAGE, [...languages.keys()]);
  const connection = await NativeConnection.connect(temporalConnection(settings));
  const database = connect(settings.DATABASE_URL, { name: 'crema-worker', log: logger });
  await checkShop(connection, settings, database);
  measurePool(metrics, database);
  const redis = connectPublisher(settings.REDIS_URL, logger);
  const timeouts = { transfer: settings.EMAIL_TIMEOUT * 1_000, answer: settings.EMAIL_ANSWER_TIMEOUT * 1_000 };
  const mailer = countEmails(metrics, createMailer(settings, timeouts));
  const dataConverter = createDataConverter(settings.PAYLOAD_KEYS);
  const client = new Client({ connection, namespace: settings.TEMPORAL_NAMESPACE, dataConverter });
  const sending = createWebhookSending(settings, { database, logger, metrics });
  const activities = composeActivities(settings, { client, database, redis, mailer, metrics, sending });
  const workers = await createTemporalWorkers(settings, { connection, dataConverter, activities });
  const state = () => workers.map((worker) => worker.getState()).find((each) => each !== 'RUNNING') ?? 'RUNNING';
  const checks = {
    postgres: () => checkWritable(database),
    // Writes a key, because a replica answers PING too, but rejects the script that publishes events.
    redis: () => redis.set(HEALTH_KEY, settings.INSTANCE_ID, 'EX', HEALTH_KEY_S),
    temporal: () => connection.workflowService.getSystemInfo({}),
    webhooks: () => dispatcher.check(),
  };
  const health = createHealthServer(settings.INSTANCE_ID, state, checks, metricsPage(settings, metrics));
  await health.listen(settings.WORKER_HEALTH_PORT, settings.HOST);
  const { dispatcher, wakeUps } = startWebhooks(settings, { database, logger, client, sending });

  function stop(): void {
    // Not awaited, so that webhook attempts in progress end while the workers complete their activities. `run` waits for both.
    void dispatcher.stop();
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  }

  async function run(): Promise<void> {
    try {
      // If one worker fails, the others stop too.
      await Promise.all(workers.map((worker) => worker.run().finally(stop)));
    } finally {
      await dispatcher.stop();
      await health.close();
      mailer.close();
      wakeUps.disconnect();
      redis.disconnect();
      await database.destroy();
      await connection.close();
    }
  }

  return { finished: run(), stop };
}

const connectPublisher = (url: string, logger: Logger) =>
  connectRedis(
    url,
    {
      connectionName: 'crema-worker',
      // A command that cannot be sent in time fails, because it must not be sent after its activity has ended.
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 1,
      commandTimeout: REDIS_TIMEOUT_MS,
    },
    { logger, consequence: 'events are published when it is available again' },
  );
