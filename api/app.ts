import Router from '@koa/router';
import Koa from 'koa';
import type { Logger } from '../config/logger.ts';
import type { Auth } from './auth/auth.ts';
import { docs } from './docs/docs.ts';
import { answerProblems } from './middleware/problems.ts';
import { type RequestState, requestLog } from './middleware/request-log.ts';
import { describeApi } from './openapi.ts';
import { type Route, serve } from './route.ts';

export interface AppDependencies {
  auth: Auth;
  routes: Route[];
  /** Pages for people who are not signed in. */
  pages: Koa.Middleware<RequestState>;
  logger: Logger;
}

/** The Koa application: what every request passes, outermost first. */
export function createApp({ auth, routes, pages, logger }: AppDependencies): Koa {
  const app = new Koa();
  app.keys = auth.keys;
  const router = new Router();
  for (const route of routes) serve(router, route);

  app.use(requestLog(logger));
  app.use(answerProblems());
  app.use(auth.endpoints);
  app.use(docs(describeApi(routes, { passwordGrant: auth.passwordGrant })));
  app.use(pages);
  app.use(auth.authenticate);
  app.use(router.routes());
  app.use(router.allowedMethods());
  // What happens once an answer is on its way, such as a client that hangs up.
  app.on('error', (error) => logger.warn({ err: error }, 'an answer was cut short'));
  return app;
}
