import type { Middleware } from 'koa';
import { stringify } from 'yaml';

/** The API's description of itself: `/openapi.json`, `/openapi.yaml` and, for people, `/docs`. */
export function docs(document: object): Middleware {
  const json = JSON.stringify(document);
  const yaml = stringify(document, { aliasDuplicateObjects: false });
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    if (ctx.path === '/openapi.json') {
      ctx.type = 'application/json';
      ctx.body = json;
      return;
    }
    if (ctx.path === '/openapi.yaml') {
      ctx.type = 'application/yaml';
      ctx.body = yaml;
      return;
    }
    return next();
  };
}
