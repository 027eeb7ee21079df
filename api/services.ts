import type { WorkflowClient } from '@temporalio/client';
import type { Logger } from '../config/logger.ts';
import type { Database } from '../db/connection.ts';
import type { Journal } from '../db/journal.ts';
import { createUnitOfWork } from '../db/unit-of-work.ts';
import { checkWritable } from '../db/writable.ts';
import { createFollowLinks } from '../mail/follow-links.ts';
import { createEndpointPolicy } from '../webhooks/endpoint-policy.ts';
import { createSeal } from '../webhooks/secret-seal.ts';
import { createPayloadCodec } from '../workflows/payloads/codec.ts';
import { createSigningKeys } from '../workflows/payloads/signing-keys.ts';
import { createEmailQuota } from './accounts/email-quota.ts';
import { createPasswordCheck } from './accounts/password-check.ts';
import type { PasswordRules } from './accounts/password-rules.ts';
import { createAccountService } from './accounts/service.ts';
import { createAccountWorkflows } from './accounts/workflows.ts';
import type { Auth } from './auth/auth.ts';
import type { Menu } from './catalog/menu.ts';
import { createCatalogService } from './catalog/service.ts';
import type { Limits } from './http/limits/limits.ts';
import { unlimitedSignIns } from './http/limits/sign-in-limiter.ts';
import { createReturnedEmail } from './notifications/returned-email.ts';
import { createSns } from './notifications/sns.ts';
import { createResend } from './orders/resending.ts';
import { createOrderService } from './orders/service.ts';
import { createOrderWorkflows } from './orders/workflows.ts';
import type { Repositories } from './repositories.ts';
import type { RouteDependencies } from './routes.ts';
import type { ApiSettings } from './settings.ts';
import type { Streams } from './streams/streams.ts';
import { createWebhookService } from './webhooks/service.ts';

interface Dependencies {
  database: Database;
  repositories: Repositories;
  menu: Menu;
  journal: Journal;
  workflowClient: WorkflowClient;
  auth: Auth;
  passwordRules: PasswordRules;
  limits: Limits | undefined;
  streams: Streams;
  wakeDispatcher: () => void;
  logger: Logger;
}

export function createServices(settings: ApiSettings, dependencies: Dependencies): RouteDependencies {
  const { database, repositories, menu, journal, workflowClient, auth, limits, streams, logger } = dependencies;
  const {
    accountRequests,
    catalogView,
    customerNames,
    ledger,
    orders,
    suppressions,
    users,
    webhookDeliveries,
    webhooks,
  } = repositories;
  const currency = settings.CURRENCY;
  const taskQueue = settings.TEMPORAL_TASK_QUEUE;
  const alertThresholds = {
    delayedAfter: settings.ORDER_DELAYED_AFTER,
    uncollectedAfter: settings.ORDER_UNCOLLECTED_AFTER,
  };
  const unitOfWork = createUnitOfWork(database);
  const workflows = createOrderWorkflows(workflowClient, {
    taskQueue,
    signingKeys: createSigningKeys(settings.PAYLOAD_KEYS),
  });
  return {
    ...repositories,
    currency,
    menu,
    catalogService: createCatalogService(unitOfWork, menu.forget),
    orderService: createOrderService({
      catalog: catalogView,
      orders,
      customerNames,
      journal,
      workflows,
      users,
      currency,
      alertThresholds,
      logger,
    }),
    resend: createResend({ ledger, orders, users, workflows }),
    accountService: createAccountService({
      users,
      accountRequests,
      unitOfWork,
      workflows: createAccountWorkflows(workflowClient, { taskQueue, backupDays: settings.BACKUP_DAYS }),
      passwordRules: dependencies.passwordRules,
      checkPassword: createPasswordCheck(users, limits?.signInLimiter ?? unlimitedSignIns),
      takeEmailQuota: createEmailQuota(limits),
      onAccessChanged: auth.evict,
    }),
    sns: settings.SES_TOPIC_ARN
      ? createSns({ topicArn: settings.SES_TOPIC_ARN, endpoint: settings.SNS_ENDPOINT })
      : undefined,
    returnedEmail: createReturnedEmail({ ledger, suppressions }),
    webhookService: createWebhookService({
      webhooks,
      deliveries: webhookDeliveries,
      unitOfWork,
      endpointPolicy: createEndpointPolicy({
        httpsOnly: settings.NODE_ENV === 'production',
        allowedNetworks: settings.WEBHOOK_ALLOWED_NETWORKS,
      }),
      seal: createSeal(settings.PAYLOAD_KEYS).seal,
      wakeDispatcher: dependencies.wakeDispatcher,
    }),
    streams,
    callers: auth.callers,
    tickets: auth.tickets,
    followLinks: createFollowLinks(settings.PUBLIC_URL, settings.PAYLOAD_KEYS),
    codec: createPayloadCodec(settings.PAYLOAD_KEYS),
    checks: { postgres: () => checkWritable(database), temporal: workflows.ping },
    instance: settings.INSTANCE_ID,
  };
}
