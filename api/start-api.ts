import { createServer } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import type { Logger } from '../config/logger.ts';
import type { ApiConfig } from '../config/settings.ts';
import { createAccountRequestRepository } from '../db/account-requests.ts';
import { createCatalogView } from '../db/catalog-view.ts';
import { connect } from '../db/connection.ts';
import { createJournal } from '../db/journal.ts';
import { createOidcArtifactRepository } from '../db/oidc-artifacts.ts';
import { createOrderRepository } from '../db/orders.ts';
import { createProductRepository } from '../db/products.ts';
import { createUnitOfWork } from '../db/unit-of-work.ts';
import { createUserRepository } from '../db/users.ts';
import { createAccountService } from './account/account-service.ts';
import { createAccountWorkflows } from './account/account-workflows.ts';
import { accountPages } from './account/pages.ts';
import { createApp } from './app.ts';
import { createAuth } from './auth/auth.ts';
import { createCatalogService } from './catalog/catalog-service.ts';
import { createOrderService } from './orders/order-service.ts';
import { createOrderWorkflows } from './orders/order-workflows.ts';
import { allRoutes } from './routes/index.ts';

/** An API at work. */
export interface RunningApi {
  port: number;
  /** Takes no new requests, answers those that run, then closes everything. */
  stop(): Promise<void>;
}

/** How long requests that run may take to end when the process stops, in ms. */
const DRAIN_MS = 10_000;

/** Wires one API process together and starts it. Needs Postgres; Temporal may come later. */
export async function startApi(config: ApiConfig, logger: Logger): Promise<RunningApi> {
  const database = connect(config.DATABASE_URL, { name: 'crema-api', log: logger });
  const connection = Connection.lazy({
    address: config.TEMPORAL_ADDRESS,
    connectTimeout: '3s',
    // After an outage, gRPC's own pauses would keep us away for up to two minutes more.
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });
  const { workflow } = new Client({ connection, namespace: config.TEMPORAL_NAMESPACE });
  const workflows = createOrderWorkflows(workflow, config.TEMPORAL_TASK_QUEUE);
  const view = createCatalogView(database);
  const orders = createOrderRepository(database);
  const users = createUserRepository(database);
  const journal = createJournal(database);
  const unitOfWork = createUnitOfWork(database);
  const accountRequests = createAccountRequestRepository(database);
  const accounts = createAccountService({
    users,
    accountRequests,
    unitOfWork,
    workflows: createAccountWorkflows(workflow, {
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      backupDays: config.BACKUP_DAYS,
    }),
  });
  const currency = config.CURRENCY;
  const patience = { delayedAfter: config.ORDER_DELAYED_AFTER, uncollectedAfter: config.ORDER_UNCOLLECTED_AFTER };

  const app = createApp({
    auth: await createAuth({
      database,
      publicUrl: config.PUBLIC_URL,
      passwordGrant: config.NODE_ENV !== 'production',
    }),
    routes: allRoutes({
      view,
      products: createProductRepository(database),
      catalog: createCatalogService(unitOfWork),
      service: createOrderService({ catalog: view, orders, journal, workflows, users, currency, patience, logger }),
      orders,
      accounts,
      users,
      artifacts: createOidcArtifactRepository(database),
      currency,
      checks: { postgres: async () => database.raw('SELECT 1'), temporal: workflows.ping },
    }),
    pages: accountPages({ accounts, accountRequests }),
    logger,
  });

  // Slow clients: ten seconds for the headers, thirty for the whole request.
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 65_000 },
    app.callback(),
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(config.PORT, config.HOST, resolve);
  });
  const { port } = server.address() as { port: number };

  async function stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // Also those that fall idle from now on: a client that keeps its connection would hold the stop up, and be cut at its end.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    const force = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
    await closed;
    clearInterval(idle);
    clearTimeout(force);
    await database.destroy();
    await connection.close();
  }

  return { port, stop };
}
