import type { Client } from '@temporalio/client';
import { type Activities, createActivities } from '../activities/create-activities.ts';
import type { Mailer } from '../activities/email/mailer.ts';
import type { Publisher } from '../activities/publish.ts';
import type { Registry } from '../config/metrics.ts';
import { createAccountRequestRepository } from '../db/account-requests.ts';
import type { Database } from '../db/connection.ts';
import { createCustomerNames } from '../db/customer-names.ts';
import { createDeliveryLedger } from '../db/deliveries.ts';
import { createEmailSuppressions } from '../db/email-suppressions.ts';
import { createJournal } from '../db/journal.ts';
import { countEvents } from '../db/metrics.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createUserRepository } from '../db/users.ts';
import { createFollowLinks } from '../mail/follow-links.ts';
import { createErasureRecords } from './erasure-records.ts';
import type { WorkerSettings } from './settings.ts';
import { createScheduleResend } from './unanswered-emails.ts';
import type { WebhookSending } from './webhooks/start-webhooks.ts';
import { createWorkflowRecords } from './workflow-records.ts';

interface Dependencies {
  client: Client;
  database: Database;
  redis: Publisher;
  mailer: Mailer;
  metrics: Registry;
  sending: WebhookSending;
}

/** Creates the activities with their repositories. */
export function composeActivities(settings: WorkerSettings, dependencies: Dependencies): Activities {
  const { client, database, redis, mailer, metrics, sending } = dependencies;
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  return createActivities({
    journal: countEvents(metrics, createJournal(database)),
    orders: createOrderRepository(database),
    records: createWorkflowRecords(client, taskQueue),
    erasures: createErasureRecords(client, taskQueue),
    ledger: createDeliveryLedger(database),
    users: createUserRepository(database),
    accountRequests: createAccountRequestRepository(database),
    customerNames: createCustomerNames(database),
    customerNameDays: settings.CUSTOMER_NAME_DAYS,
    suppressions: createEmailSuppressions(database),
    redis,
    mailer,
    unansweredPauseMs: settings.EMAIL_UNANSWERED_RETRY_AFTER * 1_000,
    scheduleResend: createScheduleResend(client, taskQueue),
    ordersEmail: settings.ORDERS_EMAIL,
    shopLanguage: settings.SHOP_LANGUAGE,
    shopName: settings.SHOP_NAME,
    timeZone: settings.SHOP_TIME_ZONE,
    publicUrl: settings.PUBLIC_URL,
    followLinks: createFollowLinks(settings.PUBLIC_URL, settings.PAYLOAD_KEYS),
    ...sending,
  });
}
