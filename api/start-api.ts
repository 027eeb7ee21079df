import { Gauge } from '@prometheus-io/client';
import { Client, Connection } from '@temporalio/client';
import { ConfigurationError } from '../config/environment.ts';
import type { Logger } from '../config/logger.ts';
import { createRegistry, readersOfMetrics } from '../config/metrics.ts';
import { requireLanguage } from '../config/setting-groups.ts';
import { clientConnection } from '../config/temporal-connection.ts';
import { createAccountRequestRepository } from '../db/account-requests.ts';
import { type CatalogView, createCatalogView } from '../db/catalog-view.ts';
import { connect } from '../db/connection.ts';
import { createDeliveryLedger } from '../db/deliveries.ts';
import { createEmailSuppressions } from '../db/email-suppressions.ts';
import { createEventLog } from '../db/event-log.ts';
import { createJournal, type Journal } from '../db/journal.ts';
import { countEvents, measurePool } from '../db/metrics.ts';
import { createOidcArtifactRepository } from '../db/oidc-artifacts.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createProductRepository } from '../db/products.ts';
import { createUnitOfWork } from '../db/unit-of-work.ts';
import { createUserRepository } from '../db/users.ts';
import { createWebhookDeliveryRepository } from '../db/webhook-deliveries.ts';
import { createWebhookRepository } from '../db/webhooks.ts';
import { checkWritable } from '../db/writable.ts';
import type { Purpose } from '../domain/account/link.ts';
import { languages } from '../mail/languages/index.ts';
import { createWebhookAddresses } from '../webhooks/endpoint-policy.ts';
import { createSeal } from '../webhooks/secret-seal.ts';
import { createWakeUpNotifier } from '../webhooks/wake-up-notifier.ts';
import { createPayloadCodec } from '../workflows/payloads/codec.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';
import { createSigningKeys } from '../workflows/payloads/signing-keys.ts';
import { accountPages } from './accounts/pages.ts';
import { createPasswordCheck } from './accounts/password-check.ts';
import { createPasswordRules } from './accounts/password-rules.ts';
import { createAccountService } from './accounts/service.ts';
import { createAccountWorkflows } from './accounts/workflows.ts';
import { createApp } from './app.ts';
import { createAuth } from './auth/auth.ts';
import { createMenu } from './catalog/menu.ts';
import { createCatalogService } from './catalog/service.ts';
import { createClientAddress } from './http/limits/client-address.ts';
import { type Allowances, createLimits, type Limits } from './http/limits/limits.ts';
import { connectLimitsRedis } from './http/limits/limits-redis.ts';
import { isExceeded } from './http/limits/quota.ts';
import { unlimitedSignIns } from './http/limits/sign-in-limiter.ts';
import { securityHeaders } from './http/middleware/security-headers.ts';
import { createPages } from './http/pages/page.ts';
import { createHttpServer } from './http/server.ts';
import { createReturnedMail } from './notifications/returned-mail.ts';
import { createSns } from './notifications/sns.ts';
import { emailPreviews } from './operations/email-previews.ts';
import { metricsPage } from './operations/metrics.ts';
import { createResend } from './orders/resending.ts';
import { createOrderService } from './orders/service.ts';
import { createOrderWorkflows } from './orders/workflows.ts';
import { allRoutes } from './routes.ts';
import type { ApiSettings } from './settings.ts';
import { createHub } from './streams/hub.ts';
import { createStreams } from './streams/streams.ts';
import { subscribeToWakeUps } from './streams/wake-ups.ts';
import { createWebhookService } from './webhooks/service.ts';

/** An API at work. */
export interface RunningApi {
  port: number;
  /** Takes no new requests, answers those that run, then closes everything. */
  stop(): Promise<void>;
}

/** How long requests that run may take to end when the process stops, in ms. */
const DRAIN_MS = 10_000;

/** How often an API process learns of rotated keys and removes what has expired, in ms. */
const UPKEEP_MS = 30_000;

/**
 * Wires one API process together and starts it. Needs Postgres; Temporal may come later.
 *
 * @throws {ConfigurationError} if the menu has prices in another currency
 */
export async function startApi(config: ApiSettings, logger: Logger): Promise<RunningApi> {
  requireLanguage(config.SHOP_LANGUAGE, [...languages.keys()]);
  const database = connect(config.DATABASE_URL, { name: 'crema-api', log: logger });
  const metrics = createRegistry();
  measurePool(metrics, database);
  const connection = Connection.lazy({ ...clientConnection(config), connectTimeout: '3s' });
  const dataConverter = createDataConverter(config.PAYLOAD_KEYS);
  const { workflow } = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE, dataConverter });
  const workflows = createOrderWorkflows(workflow, {
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    signingKeys: createSigningKeys(config.PAYLOAD_KEYS),
  });
  const view = createCatalogView(database);
  const menu = createMenu(view);
  const orders = createOrderRepository(database);
  const users = createUserRepository(database);
  const log = createEventLog(database);
  const hub = createHub({ log, logger, publicUrl: config.PUBLIC_URL });
  const journal = waking(countEvents(metrics, createJournal(database)), hub.wake);
  const unitOfWork = createUnitOfWork(database);
  const accountRequests = createAccountRequestRepository(database);
  const ledger = createDeliveryLedger(database);
  const suppressions = createEmailSuppressions(database);
  const topicArn = config.SES_TOPIC_ARN;
  const webhooks = createWebhookRepository(database);
  const webhookDeliveries = createWebhookDeliveryRepository(database);
  const currency = config.CURRENCY;
  const alertThresholds = {
    delayedAfter: config.ORDER_DELAYED_AFTER,
    uncollectedAfter: config.ORDER_UNCOLLECTED_AFTER,
  };

  await mustSellIn(currency, view);

  const redis = config.RATE_LIMITS === 'on' ? connectLimitsRedis(config.REDIS_URL, logger) : undefined;
  const limits = redis && createLimits(allowancesOf(config), redis);
  const apps = config.OAUTH_REDIRECT_URIS.map((uri) => new URL(uri).origin);
  const origins = [config.PUBLIC_URL, ...config.CORS_ORIGINS, ...apps];
  const https = config.PUBLIC_URL.startsWith('https:');

  // Without an app of the shop's own, people sign in on the docs page.
  const pages = createPages({ name: config.SHOP_NAME, language: config.SHOP_LANGUAGE, app: apps[0] ?? '/docs' });
  const auth = await createAuth({
    database,
    pages,
    publicUrl: config.PUBLIC_URL,
    passwordGrant: config.NODE_ENV !== 'production',
    redirectUris: config.OAUTH_REDIRECT_URIS,
    temporalUi: temporalUiOf(config),
    signInLimiter: limits?.signInLimiter,
  });
  const streams = createStreams({
    log,
    hub,
    logger,
    publicUrl: config.PUBLIC_URL,
    heartbeat: config.STREAM_HEARTBEAT,
    max: config.MAX_STREAMS,
    maxPerUser: config.MAX_STREAMS_PER_USER,
  });
  new Gauge({
    name: 'crema_event_streams',
    help: 'Event streams that are open.',
    registers: [metrics],
    collect() {
      this.set(streams.count());
    },
  });
  auth.callers.onEvict(streams.recheck);
  const wakeUpNotifier = createWakeUpNotifier(config.REDIS_URL, logger);
  const endWakeUps = subscribeToWakeUps(config.REDIS_URL, hub.wake, logger);
  const passwordRules = createPasswordRules(config.SHOP_NAME);
  const accounts = createAccountService({
    users,
    accountRequests,
    unitOfWork,
    workflows: createAccountWorkflows(workflow, {
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      backupDays: config.BACKUP_DAYS,
    }),
    passwordRules,
    checkPassword: createPasswordCheck(users, limits?.signInLimiter ?? unlimitedSignIns),
    takeMailQuota: createMailQuota(limits),
    ended: auth.evict,
  });
  const mayReadMetrics = readersOfMetrics(config);
  const app = createApp({
    auth,
    routes: allRoutes({
      menu,
      products: createProductRepository(database),
      catalog: createCatalogService(unitOfWork, menu.forget),
      service: createOrderService({
        catalog: view,
        orders,
        journal,
        workflows,
        users,
        currency,
        alertThresholds,
        logger,
      }),
      orders,
      resend: createResend({ ledger, orders, users, suppressions, workflows }),
      accounts,
      accountRequests,
      users,
      suppressions,
      sns: topicArn ? createSns({ topicArn, endpoint: config.SNS_ENDPOINT }) : undefined,
      returnedMail: createReturnedMail({ ledger, suppressions }),
      artifacts: createOidcArtifactRepository(database),
      webhooks,
      webhookDeliveries,
      webhookService: createWebhookService({
        webhooks,
        deliveries: webhookDeliveries,
        unitOfWork,
        addresses: createWebhookAddresses({
          httpsOnly: config.NODE_ENV === 'production',
          allowedNetworks: config.WEBHOOK_ALLOWED_NETWORKS,
        }),
        seal: createSeal(config.PAYLOAD_KEYS).seal,
        wakeDispatcher: wakeUpNotifier.notify,
      }),
      currency,
      streams,
      callers: auth.callers,
      tickets: auth.tickets,
      codec: createPayloadCodec(config.PAYLOAD_KEYS),
      checks: { postgres: () => checkWritable(database), temporal: workflows.ping },
      instance: config.INSTANCE_ID,
    }),
    shop: { name: config.SHOP_NAME, currency, publicUrl: config.PUBLIC_URL },
    temporalUi: config.TEMPORAL_UI_ORIGIN,
    pages,
    otherPages: [
      ...(mayReadMetrics ? [metricsPage(metrics, mayReadMetrics)] : []),
      accountPages({ pages, accounts, accountRequests, users }),
      ...(config.NODE_ENV === 'production'
        ? []
        : [emailPreviews({ shopName: config.SHOP_NAME, timeZone: config.SHOP_TIME_ZONE, currency })]),
    ],
    logger,
    metrics,
    clientAddress: createClientAddress(config.TRUSTED_PROXIES, logger),
    limits,
    origins,
  });

  const { server, drain } = createHttpServer(app.callback(), {
    headersTimeout: config.HEADERS_TIMEOUT,
    requestTimeout: config.REQUEST_TIMEOUT,
    maxConnections: config.MAX_CONNECTIONS,
    headers: securityHeaders(https),
    logger,
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.PORT, config.HOST, resolve);
  });
  const { port } = server.address() as { port: number };
  const upkeep = setInterval(
    () => auth.upkeep().catch((error) => logger.warn({ err: error }, 'upkeep failed; it will be tried again')),
    UPKEEP_MS,
  );

  async function stop(): Promise<void> {
    clearInterval(upkeep);
    streams.stop();
    endWakeUps();
    await drain(DRAIN_MS);
    await database.destroy();
    await connection.close();
    redis?.disconnect();
    wakeUpNotifier.close();
    await passwordRules.close();
  }

  return { port, stop };
}

/** What this process journals itself, its own readers hear of at once. */
const waking = (journal: Journal, wake: () => void): Journal => ({
  ...journal,
  async record(fact) {
    const journaled = await journal.record(fact);
    wake();
    return journaled;
  },
});

/** Refuses a mail to an address that has got too many. */
const createMailQuota = (limits: Limits | undefined) => async (email: string, purpose: Purpose) => {
  const status = await limits?.accountMail(email, purpose);
  return status && isExceeded(status) ? { refused: 'rate_limited' as const, status } : undefined;
};

const temporalUiOf = ({ TEMPORAL_UI_ORIGIN: origin, TEMPORAL_UI_CLIENT_SECRET: clientSecret }: ApiSettings) =>
  origin && clientSecret ? { origin, clientSecret } : undefined;

const allowancesOf = (config: ApiSettings): Allowances => ({
  placing: config.RATE_LIMIT_PLACING,
  user: config.RATE_LIMIT_USER,
  anonymous: config.RATE_LIMIT_ANONYMOUS,
  signIn: {
    pair: config.RATE_LIMIT_SIGN_IN,
    address: config.RATE_LIMIT_SIGN_IN_ADDRESS,
    account: config.RATE_LIMIT_SIGN_IN_ACCOUNT,
  },
  accountMail: config.RATE_LIMIT_ACCOUNT_MAIL,
});

/** @throws {ConfigurationError} if products on sale are priced in another currency: they could not be ordered */
async function mustSellIn(currency: string, view: Pick<CatalogView, 'currencies'>): Promise<void> {
  const [other] = (await view.currencies()).filter((each) => each !== currency);
  if (other)
    throw new ConfigurationError(
      `CURRENCY is ${currency}, but products on sale are priced in ${other}: set CURRENCY=${other}, or delete these products first.`,
    );
}
