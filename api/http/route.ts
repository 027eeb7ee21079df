import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream/promises';
import { bodyParser } from '@koa/bodyparser';
import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Actor } from '../../domain/actor.ts';
import type { Scope } from '../../domain/scopes.ts';
import type { TokenClaims } from '../auth/access-token.ts';
import { type AuthState, credentialsRequired } from '../auth/authenticate.ts';
import type { Caller } from '../auth/caller.ts';
import { faultDetail } from './fault-detail.ts';
import type { RequestState } from './middleware/request-log.ts';
import { type Fault, invalidRequest, Problem, type ProblemCode } from './problem.ts';

type Schema = z.ZodType | undefined;
type Parsed<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;

/** Who may call a route: anyone, or a caller of one of these types whose token carries the scope. */
export type Access =
  | 'anyone'
  | {
      to: readonly Actor['type'][];
      scope?: Scope;
      /** Where services need another one than people. */
      serviceScope?: Scope;
    };

/** What a handler gets: everything parsed, everybody checked. */
export interface RouteInput<Params extends Schema, Query extends Schema, Headers extends Schema, Body extends Schema> {
  params: Parsed<Params>;
  query: Parsed<Query>;
  headers: Parsed<Headers>;
  body: Parsed<Body>;
  /** Nobody only where anyone may call. */
  caller: Caller | undefined;
  /** What their token says. */
  token: TokenClaims | undefined;
  requestId: string;
  /** The address that the request comes from. */
  address: string;
}

export interface RouteResponse {
  status: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** In place of a body: has the response, with its headers set, for as long as it likes. May throw a problem at first. */
  stream?: (response: ServerResponse) => void;
}

/** By `operationId`: where its parameters come from, as runtime expressions of OpenAPI (`$response.body#/id`). */
export type Links = Record<string, { parameters: Record<string, string> }>;

/** The same parameters lead to all of these operations. */
export const linksTo = (parameters: Record<string, string>, ...operationIds: string[]): Links =>
  Object.fromEntries(operationIds.map((operationId) => [operationId, { parameters }]));

/** One route: what it takes, who may call it, what it answers. Serves requests and feeds the OpenAPI document. */
export interface Route<
  Params extends Schema = Schema,
  Query extends Schema = Schema,
  Headers extends Schema = Schema,
  Body extends Schema = Schema,
> {
  method: 'get' | 'post' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/orders/{id}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  access: Access;
  /** What it is counted against, if not against what the caller may send altogether. */
  quota?: 'placing';
  params?: Params;
  query?: Query;
  headers?: Headers;
  body?: Body;
  /** What the body may be called besides JSON. */
  bodyAlso?: 'text/plain';
  /** Largest body, in bytes, where the usual one is too small. */
  bodyLimit?: number;
  /**
   * By status: what it is, its body's schema (none for an empty one), its example (if not the schema's), its headers, and
   * which operations can follow.
   */
  responses: Record<
    number,
    {
      description: string;
      body?: z.ZodType;
      example?: unknown;
      headers?: Record<string, string>;
      /** Of the body, if it is not JSON. */
      mediaType?: string;
      links?: Links;
    }
  >;
  /** Requests that follow from this one, to an address that it names. */
  callbacks?: ZodOpenApiOperationObject['callbacks'];
  /** Problems of this route's own, besides those that its access and input bring. */
  problems?: readonly ProblemCode[];
  handle(input: RouteInput<Params, Query, Headers, Body>): Promise<RouteResponse>;
}

/** Keeps a route's types together; see {@link Route}. */
export function route<
  Params extends Schema = undefined,
  Query extends Schema = undefined,
  Headers extends Schema = undefined,
  Body extends Schema = undefined,
>(definition: Route<Params, Query, Headers, Body>): Route {
  return definition as unknown as Route;
}

/** The caller of a route that is not for anyone. */
export function callerOf({ caller }: { caller: Caller | undefined }): Caller {
  if (!caller) throw new TypeError('a route for anyone asked for its caller');
  return caller;
}

/** The token of a route that is not for anyone. */
export function tokenOf({ token }: { token: TokenClaims | undefined }): TokenClaims {
  if (!token) throw new TypeError('a route for anyone asked for a token');
  return token;
}

/** Largest body, in bytes: fifty lines with ids and a note take a tenth of it. */
const BODY_LIMIT = 100_000;

/** Most faults that one answer names. */
const MAX_FAULTS = 100;

// Only reads: it would refuse `__proto__` as malformed, and replace invalid UTF-8 in silence. Latin 1 keeps every byte.
const textReader = (limit: number) =>
  bodyParser({
    enableTypes: ['text'],
    extendTypes: { text: ['application/json', 'text/plain'] },
    textLimit: `${limit}b`,
    encoding: 'latin1',
    parsedMethods: ['POST', 'PATCH', 'DELETE'],
    onError: (error, { req }) => {
      // Whoever closes the door on a client that still sends takes the answer away from it, so the rest is let in, and
      // forgotten.
      req.unpipe();
      req.resume();
      throw error;
    },
  });
const utf8 = new TextDecoder('utf-8', { fatal: true });

const noQuery = z.strictObject({});

/** Serves a route: may you → is it valid → handle. */
export function serve(router: Router, { handle, ...route }: Route): void {
  router[route.method](route.operationId, route.path.replaceAll(/\{(\w+)\}/g, ':$1'), async (ctx) => {
    const { caller, token, requestId } = ctx.state as RequestState & AuthState;
    checkAccess(route.access, caller);
    const input = await parse(route, ctx);
    await wholeOf(ctx.req);
    const answer = await handle({ ...input, caller, token, requestId, address: ctx.ip });
    const streams = answer.stream && ctx.method !== 'HEAD';
    // No body makes Koa say 204, so what we say comes after it; it also rules out chunks, which tell a stream's end from a cut.
    if (!streams) ctx.body = answer.body ?? null;
    ctx.status = answer.status;
    ctx.set(answer.headers ?? {});
    if (!streams) return;
    answer.stream?.(ctx.res);
    ctx.respond = false;
  });
}

/** Whether a caller may, at this moment. */
export function isAllowed(access: Access, caller: Caller): boolean {
  if (access === 'anyone') return true;
  const scope = scopeFor(access, caller);
  return access.to.includes(caller.type) && (!scope || caller.scopes.has(scope));
}

/** The scope that a caller's token must have. */
const scopeFor = ({ scope, serviceScope = scope }: Exclude<Access, 'anyone'>, { type }: Pick<Caller, 'type'>) =>
  type === 'service' ? serviceScope : scope;

/** Lets pass only who may. @throws {Problem} `unauthenticated`, `forbidden` */
export function checkAccess(access: Access, caller: Caller | undefined): void {
  if (access === 'anyone') return;
  if (!caller) throw credentialsRequired();
  if (isAllowed(access, caller)) return;
  if (!access.to.includes(caller.actor.type)) {
    throw new Problem('forbidden', { detail: `This is for a ${access.to.join(' or a ')}.` });
  }
  const scope = scopeFor(access, caller);
  const challenge = `Bearer realm="crema", error="insufficient_scope", scope="${scope}"`;
  const detail = `Your token lacks the scope ${scope}.`;
  throw new Problem('forbidden', { detail, headers: { 'www-authenticate': challenge } });
}

/** Waits for what nobody reads of a request: nothing is done for half of one, which may still be refused for its form. */
async function wholeOf(request: IncomingMessage): Promise<void> {
  if (request.complete) return;
  await finished(request.resume()).catch((cause: unknown) => {
    throw new Problem('invalid_request', { detail: 'The request broke off.', cause });
  });
}

async function parse(route: Omit<Route, 'handle'>, ctx: Context) {
  const faults: Fault[] = [];
  const check = <S extends Schema>(schema: S, value: unknown, place: (path: string[]) => Where): Parsed<S> => {
    const result = schema?.safeParse(value, { error: faultDetail });
    if (result && !result.success) faults.push(...result.error.issues.flatMap((issue) => faultsOf(issue, place)));
    return result?.data as Parsed<S>;
  };
  const readBody = async () => {
    const body = route.body ? await jsonOf(ctx, route) : {};
    if ('pointer' in body) faults.push(body);
    else return check(route.body, body.value, (path) => ({ pointer: toPointer(path) }));
  };
  // A fault in one of several values is the parameter's.
  const parameter = ([name = '']: string[]) => ({ parameter: name });
  const input = {
    params: check(route.params, ctx.params, parameter),
    query: check(route.query ?? noQuery, { ...ctx.query }, parameter),
    headers: check(route.headers, ctx.headers, (path) => ({ header: path.join('.') })),
    body: await readBody(),
  };
  if (faults.length > 0) throw invalidRequest(faults.slice(0, MAX_FAULTS));
  return input;
}

/**
 * Reads the body as JSON. The value is `undefined` without a body, and if the body is `null`, which some generated clients send
 * in its place. The schema says whether the route needs one.
 */
async function jsonOf(
  ctx: Context,
  { bodyLimit: limit = BODY_LIMIT, bodyAlso }: Pick<Route, 'bodyLimit' | 'bodyAlso'>,
): Promise<{ value?: unknown } | (Fault & { pointer: string })> {
  const types = ['json', ...(bodyAlso ? [bodyAlso] : [])];
  const type = ctx.request.length === 0 ? null : ctx.request.is(types);
  if (type === null) return {};
  if (type === false || !/^(utf-?8)?$/i.test(ctx.request.charset)) throw notJson('The body must be JSON in UTF-8.');
  try {
    await textReader(limit)(ctx as never, async () => {});
    const { body } = ctx.request as { body?: unknown };
    const text = utf8.decode(Buffer.from(String(body), 'latin1'));
    return text === '' ? {} : { value: JSON.parse(text) ?? undefined };
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === 413) {
      throw new Problem('payload_too_large', { detail: `The body must be at most ${limit} bytes.` });
    }
    if (status === 415) throw notJson('The body’s encoding is not known here.');
    return { pointer: '#', detail: 'The body is not valid JSON in UTF-8.' };
  }
}

const notJson = (detail: string) =>
  new Problem('unsupported_media_type', { detail, headers: { accept: 'application/json' } });

type Where = { pointer: string } | { parameter: string } | { header: string };

function faultsOf(issue: z.core.$ZodIssue, place: (path: string[]) => Where): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ ...place([...path, key]), detail: 'is not known here' }));
  }
  if (issue.code === 'invalid_union') {
    // What comes closest is what was meant: its faults say more than that none of the forms fits.
    const nearest = issue.errors.toSorted((one, other) => one.length - other.length)[0] ?? [];
    return nearest.flatMap((inner) => faultsOf(inner, (rest) => place([...path, ...rest])));
  }
  return [{ ...place(path), detail: issue.message }];
}

/** RFC 6901, as a URI fragment. */
const toPointer = (path: string[]): string =>
  `#${path.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('')}`;
