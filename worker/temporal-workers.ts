import type { DataConverter } from '@temporalio/common';
import {
  bundleWorkflowCode,
  DefaultLogger,
  type NativeConnection,
  Worker,
  type WorkerOptions,
} from '@temporalio/worker';
import type { Activities } from '../activities/create-activities.ts';
import { MAX_WAITING_RETRIES } from '../activities/deliver-webhook.ts';
import { MAX_WEBHOOKS } from '../domain/webhook/webhook.ts';
import { emailTaskQueueOf } from '../workflows/messages/definitions.ts';
import { webhookTaskQueueOf } from '../workflows/messages/webhooks.ts';
import { heartbeatInterceptor } from './heartbeat-interceptor.ts';
import type { WorkerSettings } from './settings.ts';
import { ATTEMPTS_PER_ENDPOINT } from './webhooks/start-webhooks.ts';
import { workflowCode } from './workflow-code.ts';

/** The maximum number of activities that send emails at the same time. */
const EMAILS_AT_ONCE = 5;

/** Activity slots for deliveries that find the queue of their endpoint full. */
const SPARE_WEBHOOK_SLOTS = 50;

/** The maximum number of webhook deliveries whose workflows a worker caches. */
const MAX_CACHED_DELIVERIES = 100;

interface Dependencies {
  connection: NativeConnection;
  dataConverter: DataConverter;
  activities: Activities;
}

/** Creates the Temporal workers of a process, one for each task queue: orders, emails and webhooks. */
export async function createTemporalWorkers(
  settings: WorkerSettings,
  { connection, dataConverter, activities }: Dependencies,
): Promise<Worker[]> {
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const workflowBundle = await readBundle(settings, dataConverter);
  const { email, firstEmails, resendUnanswered, resendEmail, accountMail, webhookNotice, ...others } = activities;
  const { deliverWebhook, settleWebhook, ...orderActivities } = others;
  const options = {
    connection,
    namespace: settings.TEMPORAL_NAMESPACE,
    dataConverter,
    ...deploymentOptions(settings),
    interceptors: { activity: [heartbeatInterceptor] },
    // By default, each worker of a process sizes its cache for all memory of the machine (temporalio/sdk-typescript#2227).
    maxCachedWorkflows: settings.MAX_CACHED_WORKFLOWS,
    // Gives emails that are being sent the time to complete when a deploy stops the worker (0 by default).
    shutdownGraceTime: '20s',
    shutdownForceTime: '30s',
  };
  return Promise.all([
    Worker.create({
      ...options,
      taskQueue,
      workflowBundle,
      activities: orderActivities,
      // After a worker dies, its orders wait this long before another worker takes over (10 s by default).
      stickyQueueScheduleToStartTimeout: '2s',
      // One thread replays all histories, so with more tasks at a time, each would take longer and could time out (ADR 14).
      maxConcurrentWorkflowTaskExecutions: 16,
    }),
    Worker.create({
      ...options,
      taskQueue: emailTaskQueueOf(taskQueue),
      activities: { email, firstEmails, resendUnanswered, resendEmail, accountMail, webhookNotice },
      maxConcurrentActivityTaskExecutions: EMAILS_AT_ONCE,
    }),
    Worker.create({
      ...options,
      taskQueue: webhookTaskQueueOf(taskQueue),
      workflowBundle,
      // These workflows mostly wait, so a small cache and one thread are enough.
      maxCachedWorkflows: Math.min(settings.MAX_CACHED_WORKFLOWS, MAX_CACHED_DELIVERIES),
      workflowThreadPoolSize: 1,
      activities: { deliverWebhook, settleWebhook },
      // Enough slots for all endpoints, so that a slow endpoint does not delay the others.
      maxConcurrentActivityTaskExecutions:
        MAX_WEBHOOKS * (ATTEMPTS_PER_ENDPOINT + MAX_WAITING_RETRIES) + SPARE_WEBHOOK_SLOTS,
    }),
  ]);
}

/** Returns the prebuilt bundle of the workflows, or builds one. */
async function readBundle({ WORKFLOW_BUNDLE: codePath }: WorkerSettings, { failureConverterPath }: DataConverter) {
  if (codePath) return { codePath };
  return bundleWorkflowCode({
    ...workflowCode,
    ...(failureConverterPath && { failureConverterPath }),
    // At its default level, the bundler lists every file.
    logger: new DefaultLogger('WARN'),
  });
}

/** Returns the options of Worker Deployments. With them, an order continues on the build that Temporal routes it to (ADR 6). */
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
