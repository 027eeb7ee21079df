import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import type { Logger } from '../../config/logger.ts';
import { Problem } from './problem.ts';

export interface HttpServerOptions {
  /** Seconds that a client may take for the headers of a request, and for all of it. */
  headersTimeout: number;
  requestTimeout: number;
  /** How many may be open at once; more are closed at the door. */
  maxConnections: number;
  /** What each answer carries that never comes as far as the application. */
  headers: Record<string, string>;
  logger: Logger;
}

/** Largest headers of a request, in bytes. */
const MAX_HEADERS = 16_384;

/** How often clients are looked at that take their time, in ms. Node's own 30 s would make ten seconds forty. */
const TIMEOUT_CHECK_MS = 1_000;

/** A connection on which nothing moves is closed after this, in ms; event streams send something every 15 s. */
const IDLE_MS = 60_000;

/** For how long a client that is refused may go on sending before it is cut off, in ms: else it would not hear why. */
const LINGER_MS = 500;

/** A turn of the event loop that is shorter, in ms, and brought no connection: the backlog is empty. */
const QUIET_MS = 0.2;

/** For how long the server waits for two such turns before it takes no more connections, in ms. */
const LAST_ACCEPT_MS = 500;

/** For how long a connection that has sent no request may still do so once the server stops, in ms. */
const LAST_REQUEST_MS = 1_000;

/** How often connections are looked at from then on, in ms: each is closed once it is idle. */
const IDLE_CHECK_MS = 50;

export interface HttpServer {
  server: Server;
  /**
   * Stops without cutting off a request: takes no new connections, answers what comes on those that are open with
   * `Connection: close`, and then closes the idle ones.
   *
   * @param force after how long, in ms, connections are closed whatever they do
   */
  drain(force: number): Promise<void>;
}

/**
 * An HTTP server that takes nothing ambiguous (request smuggling, RFC 9112 §11.2) and waits for nobody too long. What its
 * parser refuses is answered as a problem, too, and the connection closed.
 */
export function createHttpServer(handle: RequestListener, options: HttpServerOptions): HttpServer {
  const { headers, logger } = options;
  const server = createServer({
    // Node refuses more for the headers than for the whole request.
    headersTimeout: Math.min(options.headersTimeout, options.requestTimeout) * 1_000,
    requestTimeout: options.requestTimeout * 1_000,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: 65_000,
    maxHeaderSize: MAX_HEADERS,
    insecureHTTPParser: false,
    // It would say nothing about it but the status.
    requireHostHeader: false,
  });
  server.maxConnections = options.maxConnections;
  server.setTimeout(IDLE_MS);

  const refused = new WeakSet<Socket>();
  /** Connections that have sent no request yet: to Node, they are not idle. */
  const withoutRequest = new Set<Socket>();
  let stopping = false;
  /** How many there have been. */
  let connections = 0;
  /** Responses that are not through yet. */
  const open = new Set<ServerResponse>();
  const latest = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>();

  function refuse(socket: Socket, problem: Problem, lingers: boolean): void {
    if (!socket.writable) return void socket.destroy();
    const requestId = randomUUID();
    logger.info({ requestId, status: problem.status, detail: problem.message }, 'request refused unread');
    const body = JSON.stringify(problem.toDocument(`urn:uuid:${requestId}`));
    const head = {
      ...headers,
      'x-request-id': requestId,
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      date: new Date().toUTCString(),
      connection: 'close',
    };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${problem.status} ${reasons[problem.status]}\r\n${lines.join('')}\r\n${body}`, () => {
      if (lingers) setTimeout(() => socket.destroy(), LINGER_MS).unref();
      else socket.destroy();
    });
  }

  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    // A parser that has failed fails again with all that still comes.
    if (refused.has(socket)) return;
    refused.add(socket);
    const problem = problemOf(error);
    // Who hung up hears nothing any more.
    if (!problem) return void socket.destroy();
    const running = latest.get(socket);
    // Only a broken parser can be left open: with any other, the rest of the request would still come in.
    if (!running) return refuse(socket, problem, error.code?.startsWith('HPE_') ?? false);
    // What follows a whole request does not take that one's answer away.
    if (running.request.complete) running.response.once('close', () => refuse(socket, problem, false));
    else if (running.response.headersSent) socket.destroy();
    else refuse(socket, problem, false);
  });

  server.on('connection', (socket) => {
    connections += 1;
    withoutRequest.add(socket);
    socket.once('close', () => withoutRequest.delete(socket));
  });
  server.on('request', (request, response) => {
    const { socket } = request;
    withoutRequest.delete(socket);
    open.add(response);
    response.once('close', () => open.delete(response));
    if (stopping) response.shouldKeepAlive = false;
    if (refused.has(socket)) return;
    latest.set(socket, { request, response });
    response.once('close', () => {
      if (latest.get(socket)?.response === response) latest.delete(socket);
    });
    const detail = ambiguityIn(request) ?? faultInTarget(request);
    if (!detail) return handle(request, response);
    refused.add(socket);
    refuse(socket, new Problem('invalid_request', { detail }), true);
  });
  // An expectation that nobody has heard of is no reason to refuse (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));

  async function drain(force: number): Promise<void> {
    stopping = true;
    for (const response of open) response.shouldKeepAlive &&= response.headersSent;
    // Accepts what is in the backlog, one connection a turn: closing now would reset it.
    const until = performance.now() + LAST_ACCEPT_MS;
    for (let quiet = 0; quiet < 2 && performance.now() < until; ) {
      const [accepted, began] = [connections, performance.now()];
      await setImmediate();
      quiet = connections > accepted || performance.now() - began > QUIET_MS ? 0 : quiet + 1;
    }
    // Not `http.Server`'s, which also resets connections whose first request is on its way.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    let idle: NodeJS.Timeout | undefined;
    const last = setTimeout(() => {
      for (const socket of withoutRequest) socket.destroy();
      idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    }, LAST_REQUEST_MS);
    const forced = setTimeout(() => server.closeAllConnections(), force);
    await closed;
    clearTimeout(last);
    clearInterval(idle);
    clearTimeout(forced);
  }

  return { server, drain };
}

/** What the parser lets pass although others may read it otherwise, in a sentence. */
function ambiguityIn({ headersDistinct, httpVersion }: IncomingMessage): string | undefined {
  const hosts = headersDistinct.host?.length ?? 0;
  const old = httpVersion === '1.0';
  // RFC 9112 §3.2 and §6.1.
  if (hosts > 1 || (hosts === 0 && !old)) return 'A request names one Host.';
  if (old && headersDistinct['transfer-encoding']) return 'HTTP/1.0 has no Transfer-Encoding.';
  return undefined;
}

/**
 * Makes a whole URL, as proxies send it, a path like all others (RFC 9112 §3.2.2). Who reads paths later on would throw at
 * some of what the parser takes for a URL.
 *
 * @returns a sentence, if it leads nowhere
 */
function faultInTarget(request: IncomingMessage): string | undefined {
  const { url: target = '' } = request;
  if (target.startsWith('/') || target === '*') return undefined;
  const url = URL.parse(target);
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    return 'The target of a request is a path, or a URL of http without a user.';
  }
  request.url = `${url.pathname}${url.search}`;
  return undefined;
}

const reasons: Record<number, string> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function problemOf({ code = '' }: NodeJS.ErrnoException): Problem | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Problem('request_timeout', { detail: 'The request took too long to arrive.' });
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Problem('headers_too_large', { detail: `The headers must be at most ${MAX_HEADERS} bytes.` });
  }
  if (!code.startsWith('HPE_')) return undefined;
  return new Problem('invalid_request', { detail: 'This is not a well-formed HTTP request.' });
}
