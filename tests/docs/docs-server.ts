import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { describeEvents } from '../../api/docs/asyncapi.ts';
import { docs } from '../../api/docs/docs.ts';
import { SHOP } from '../../api/docs/document-file.ts';
import { describeApi } from '../../api/docs/openapi.ts';
import { answerProblems } from '../../api/http/middleware/problems.ts';
import { type RequestState, requestLog } from '../../api/http/middleware/request-log.ts';
import { secureAnswers } from '../../api/http/middleware/security-headers.ts';
import { createPages } from '../../api/http/pages/page.ts';
import { allRoutes, type RouteDependencies } from '../../api/routes.ts';
import { createLogger } from '../../config/logger.ts';

/** Starts an API that serves only its docs, without a database or sign-in. */
export async function openDocs(
  passwordGrant: boolean,
  name = SHOP.name,
): Promise<{ url: string; close(): Promise<void> }> {
  const shop = { ...SHOP, name };
  const openapi = describeApi(allRoutes({ currency: shop.currency } as RouteDependencies), { passwordGrant, shop });
  const app = new Koa<RequestState>();
  app.use(requestLog(createLogger('test', 'silent')));
  app.use(secureAnswers(false));
  app.use(answerProblems(createPages({ name, language: 'en', app: '/docs' })));
  app.use(docs({ openapi, asyncapi: describeEvents({ ...shop, publicUrl: 'https://shop.example' }) }, name));
  const server = createServer(app.callback());
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
