import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { TokenClaims } from '../auth/access-token.ts';
import type { AuthState } from '../auth/authenticate.ts';
import type { Caller } from '../auth/caller-lookup.ts';
import { type Access, checkAccess } from './access.ts';
import { acceptsGzip } from './content-encoding.ts';
import type { RequestState } from './middleware/request-log.ts';
import { Problem, type ProblemCode } from './problem.ts';
import { type InputSchemas, type Parsed, parseInput, type Schema } from './request-input.ts';

/** The input of a handler: parsed, validated, and from a caller that the route accepts. */
export interface RouteInput<Params extends Schema, Query extends Schema, Headers extends Schema, Body extends Schema> {
  params: Parsed<Params>;
  query: Parsed<Query>;
  headers: Parsed<Headers>;
  body: Parsed<Body>;
  /** undefined for an unauthenticated request, which only a route for anyone accepts. */
  caller: Caller | undefined;
  /** The claims of the caller's access token. */
  token: TokenClaims | undefined;
  requestId: string;
  /** The client's IP address. */
  address: string;
  /** See {@link acceptsGzip}. */
  acceptsGzip(): boolean;
}

export interface RouteResponse {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /**
   * Writes the body of the response in place of `body`, after status and headers are set. May throw a problem before it writes.
   */
  stream?: (response: ServerResponse) => void;
}

/** OpenAPI links by `operationId`. Parameters are runtime expressions such as `$response.body#/id`. */
export type Links = Record<string, { parameters: Record<string, string> }>;

/** Returns links to operations that take the same parameters. */
export const linksTo = (parameters: Record<string, string>, ...operationIds: string[]): Links =>
  Object.fromEntries(operationIds.map((operationId) => [operationId, { parameters }]));

/** A response as the OpenAPI document describes it. */
export interface DocumentedResponse {
  description: string;
  /** Absent for an empty body. */
  body?: z.ZodType;
  /** Default: the schema's example. */
  example?: unknown;
  /** Descriptions by header name. */
  headers?: Record<string, string>;
  /** Default: `application/json`. */
  mediaType?: string;
  links?: Links;
}

/** The definition of a route: it serves the requests and describes the operation in the OpenAPI document. */
export interface Route<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Headers extends Schema = Schema,
  Body extends Schema = Schema,
> extends InputSchemas<Params, Query, Headers, Body> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** A path template of OpenAPI: `/v1/orders/{id}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  access: Access;
  deprecated?: true;
  /** The rate limit that replaces the caller's general one. */
  quota?: 'placing';
  responses: Record<number, DocumentedResponse>;
  /** The requests that Crema later sends to an address in this request. */
  callbacks?: ZodOpenApiOperationObject['callbacks'];
  /** The handler's own problems, besides those of the access check and the validation. */
  problems?: readonly ProblemCode[];
  handle(input: RouteInput<Params, Query, Headers, Body>): Promise<RouteResponse>;
}

/** Infers the handler's input from the schemas of a {@link Route}. */
export function route<
  Params extends Schema = undefined,
  Query extends Schema = undefined,
  Headers extends Schema = undefined,
  Body extends Schema = undefined,
>(definition: Route<Params, Query, Headers, Body>): Route {
  return definition as unknown as Route;
}

/** Returns the caller of a route that requires authentication. */
export function callerOf({ caller }: { caller: Caller | undefined }): Caller {
  if (!caller) throw new TypeError('the route does not require authentication');
  return caller;
}

/** Returns the token claims of a route that requires authentication. */
export function tokenOf({ token }: { token: TokenClaims | undefined }): TokenClaims {
  if (!token) throw new TypeError('the route does not require authentication');
  return token;
}

/** Mounts a route: checks access, validates the input, then calls the handler. */
export function serve(router: Router, { handle, ...route }: Route): void {
  const path = route.path.replaceAll(/\{(\w+)\}/g, ':$1');
  router[route.method](route.operationId, path, async (ctx) => {
    const { caller, token, requestId } = ctx.state as RequestState & AuthState;
    checkAccess(route.access, caller);
    const input = await parseInput(route, ctx);
    await receiveRest(ctx.req);
    const request = {
      ...input,
      caller,
      token,
      requestId,
      // Few handlers need the address, and finding it takes a few percent of a small request.
      get address() {
        return ctx.ip;
      },
      acceptsGzip: () => acceptsGzip(ctx),
    };
    respond(ctx, await handle(request));
  });
}

function respond(ctx: Context, { status, headers = {}, body, stream }: RouteResponse): void {
  if (stream && ctx.method !== 'HEAD') {
    // No body is set, because a null body disables chunked encoding. With chunks, clients can distinguish the end of a stream
    // from a lost connection.
    ctx.status = status;
    ctx.set(headers);
    stream(ctx.res);
    ctx.respond = false;
    return;
  }
  // Koa sets status 204 and removes headers for a null body, so both are set afterwards.
  ctx.body = body ?? null;
  ctx.status = status;
  ctx.set(headers);
}

/** Reads and discards the rest of a request, so that the handler runs only for a complete and well-formed request. */
async function receiveRest(request: IncomingMessage): Promise<void> {
  if (request.complete) return;
  await finished(request.resume()).catch((cause: unknown) => {
    throw new Problem('invalid_request', { detail: 'The connection closed before the request was complete.', cause });
  });
}
