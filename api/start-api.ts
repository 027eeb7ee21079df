import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from '../config/logger.ts';
import { createRegistry, type Registry, readersOfMetrics } from '../config/metrics.ts';
import { requireLanguage } from '../config/setting-groups.ts';
import { clientConnection } from '../config/temporal-connection.ts';
import { connect, type Database } from '../db/connection.ts';
import { createJournal } from '../db/journal.ts';
import { countEvents, measurePool } from '../db/metrics.ts';
import { languages } from '../languages/index.ts';
import { createWakeUpNotifier } from '../webhooks/wake-up-notifier.ts';
import { createDataConverter } from '../workflows/payloads/data-converter.ts';
import { accountPages } from './accounts/pages/pages.ts';
import { createPasswordRules } from './accounts/password-rules.ts';
import { createApp } from './app.ts';
import { type Auth, createAuth } from './auth/auth.ts';
import { createMenu } from './catalog/menu.ts';
import { requireCurrency } from './catalog/require-currency.ts';
import { createClientAddress } from './http/limits/client-address.ts';
import { connectLimitsRedis, createLimits, type Limits } from './http/limits/limits.ts';
import { securityHeaders } from './http/middleware/security-headers.ts';
import { createPages, type Pages, STOREFRONT } from './http/pages/page.ts';
import { createHttpServer } from './http/server.ts';
import { emailPreviews } from './operations/email-previews.ts';
import { metricsPage } from './operations/metrics.ts';
import { createRepositories } from './repositories.ts';
import { allRoutes, type RouteDependencies } from './routes.ts';
import { createServices } from './services.ts';
import type { ApiSettings } from './settings.ts';
import { startStreams } from './streams/start-streams.ts';
import { webPages } from './web/web-pages.ts';

export interface RunningApi {
  port: number;
  /** Rejects new connections, completes the requests in progress, then closes all connections. */
  stop(): Promise<void>;
}

/** How long a stopping process waits for requests in progress, in ms. */
const DRAIN_TIMEOUT_MS = 10_000;

/** How often a process reads the signing keys and deletes expired rows, in ms. */
const UPKEEP_MS = 30_000;

/**
 * Starts an API process. Postgres must be available; Temporal may become available later.
 *
 * @throws {ConfigurationError} if products on sale are priced in a currency other than CURRENCY
 */
export async function startApi(settings: ApiSettings, logger: Logger): Promise<RunningApi> {
  requireLanguage(settings.SHOP_LANGUAGE, [...languages.keys()]);
  const opened = new AsyncDisposableStack();
  try {
    const port = await openApi(settings, logger, opened);
    return { port, stop: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** @param opened collects the parts to close, and closes them in reverse order @returns the port */
async function openApi(settings: ApiSettings, logger: Logger, opened: AsyncDisposableStack): Promise<number> {
  const connection = Connection.lazy({ ...clientConnection(settings), connectTimeout: '3s' });
  opened.defer(() => connection.close());
  const database = connect(settings.DATABASE_URL, { name: 'crema-api', log: logger });
  opened.defer(() => database.destroy());
  const metrics = createRegistry();
  measurePool(metrics, database);
  const repositories = createRepositories(database);
  await requireCurrency(settings.CURRENCY, repositories.catalogView);

  const limitsRedis = settings.RATE_LIMITS === 'on' ? connectLimitsRedis(settings.REDIS_URL, logger) : undefined;
  opened.defer(() => limitsRedis?.disconnect());
  const limits = limitsRedis && createLimits(settings, limitsRedis);
  // Without an app of its own, the shop's app is the storefront.
  const app = appOriginsOf(settings)[0] ?? STOREFRONT;
  const pages = createPages({ name: settings.SHOP_NAME, language: settings.SHOP_LANGUAGE, app });
  const auth = await startAuth(settings, database, pages, limits);
  const wakeUpNotifier = createWakeUpNotifier(settings.REDIS_URL, logger);
  opened.defer(wakeUpNotifier.close);
  const passwordRules = createPasswordRules(settings.SHOP_NAME);
  opened.defer(passwordRules.close);
  const menu = createMenu(repositories.catalogView);
  const { streams, ...streaming } = startStreams(settings, { log: repositories.eventLog, menu, metrics, logger });
  auth.callers.onEvict(streams.recheckAccess);
  const services = createServices(settings, {
    database,
    repositories,
    menu,
    journal: streaming.waking(countEvents(metrics, createJournal(database))),
    workflowClient: workflowClientOf(connection, settings),
    auth,
    passwordRules,
    limits,
    streams,
    wakeDispatcher: wakeUpNotifier.notify,
    logger,
  });
  const { server, drain } = createServer(settings, { auth, services, pages, limits, metrics, logger });
  opened.defer(() => drain(DRAIN_TIMEOUT_MS));
  // Runs before the drain, which open streams would delay.
  opened.defer(streaming.stop);
  server.listen(settings.PORT, settings.HOST);
  await once(server, 'listening');
  const upkeep = setInterval(
    () => auth.upkeep().catch((error) => logger.warn({ err: error }, 'Upkeep failed and will be retried')),
    UPKEEP_MS,
  );
  opened.defer(() => clearInterval(upkeep));
  return (server.address() as AddressInfo).port;
}

/** Returns the origins of the browser apps that users return to after sign-in. */
const appOriginsOf = ({ OAUTH_REDIRECT_URIS: uris }: ApiSettings) => uris.map((uri) => new URL(uri).origin);

function workflowClientOf(connection: Connection, { TEMPORAL_NAMESPACE: namespace, PAYLOAD_KEYS: keys }: ApiSettings) {
  return new Client({ connection, namespace, dataConverter: createDataConverter(keys) }).workflow;
}

function startAuth(settings: ApiSettings, database: Database, pages: Pages, limits: Limits | undefined) {
  const { TEMPORAL_UI_ORIGIN: origin, TEMPORAL_UI_CLIENT_SECRET: clientSecret } = settings;
  return createAuth({
    database,
    pages,
    publicUrl: settings.PUBLIC_URL,
    passwordGrant: settings.NODE_ENV !== 'production',
    redirectUris: settings.OAUTH_REDIRECT_URIS,
    temporalUi: origin && clientSecret ? { origin, clientSecret } : undefined,
    signInLimiter: limits?.signInLimiter,
  });
}

interface ServerDependencies {
  auth: Auth;
  services: RouteDependencies;
  pages: Pages;
  limits: Limits | undefined;
  metrics: Registry;
  logger: Logger;
}

function createServer(settings: ApiSettings, dependencies: ServerDependencies) {
  const { auth, services, pages, limits, metrics, logger } = dependencies;
  const { accountService, accountRequests, users } = services;
  const mayReadMetrics = readersOfMetrics(settings);
  const { SHOP_NAME: shopName, SHOP_TIME_ZONE: timeZone, CURRENCY: currency, PUBLIC_URL: publicUrl } = settings;
  const app = createApp({
    auth,
    routes: allRoutes(services),
    shop: { name: shopName, currency, publicUrl },
    temporalUi: settings.TEMPORAL_UI_ORIGIN,
    pages,
    otherPages: [
      webPages({
        shopName,
        language: settings.SHOP_LANGUAGE,
        currency,
        delayedAfter: settings.ORDER_DELAYED_AFTER,
        uncollectedAfter: settings.ORDER_UNCOLLECTED_AFTER,
        heartbeat: settings.STREAM_HEARTBEAT,
      }),
      ...(mayReadMetrics ? [metricsPage(metrics, mayReadMetrics)] : []),
      accountPages({ pages, accountService, accountRequests, users }),
      ...(settings.NODE_ENV === 'production' ? [] : [emailPreviews({ shopName, timeZone, currency })]),
    ],
    logger,
    metrics,
    clientAddress: createClientAddress(settings.TRUSTED_PROXIES, logger),
    limits,
    origins: [publicUrl, ...settings.CORS_ORIGINS, ...appOriginsOf(settings)],
  });
  return createHttpServer(app.callback(), {
    headersTimeout: settings.HEADERS_TIMEOUT,
    requestTimeout: settings.REQUEST_TIMEOUT,
    maxConnections: settings.MAX_CONNECTIONS,
    headers: securityHeaders(publicUrl.startsWith('https:')),
    logger,
  });
}
