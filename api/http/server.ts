import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Logger } from '../../config/logger.ts';
import { createDrain, type Drain } from './drain.ts';
import { checkRequest, MAX_HEADERS, problemOf } from './malformed-request.ts';
import type { Problem } from './problem.ts';

export interface HttpServerOptions {
  /** The time a client has to send the headers of a request, in seconds. */
  headersTimeout: number;
  /** The time a client has to send a whole request, in seconds. */
  requestTimeout: number;
  /** The server closes connections beyond this number immediately. */
  maxConnections: number;
  /** Headers of responses to requests that do not reach the application. */
  headers: Record<string, string>;
  logger: Logger;
}

/** How often timeouts are checked, in ms. With Node's default of 30 s, a timeout of 10 s could take 40 s. */
const TIMEOUT_CHECK_MS = 1_000;

/** Connections without traffic are closed after this, in ms. Event streams send heartbeats more often, so they stay open. */
const IDLE_TIMEOUT_MS = 60_000;

/**
 * How long a rejected client may continue to send, in ms. If the server closed the connection earlier, the client could lose
 * the response.
 */
const LINGER_MS = 500;

/** Creates an HTTP server that answers malformed, ambiguous and slow requests with a problem and closes their connection. */
export function createHttpServer(
  handle: RequestListener,
  options: HttpServerOptions,
): { server: Server; drain: Drain } {
  const server = createServer({
    // Node rejects a headersTimeout above requestTimeout.
    headersTimeout: Math.min(options.headersTimeout, options.requestTimeout) * 1_000,
    requestTimeout: options.requestTimeout * 1_000,
    connectionsCheckingInterval: TIMEOUT_CHECK_MS,
    keepAliveTimeout: 65_000,
    maxHeaderSize: MAX_HEADERS,
    insecureHTTPParser: false,
    // `checkRequest` rejects requests without `Host` instead, because Node's own response would not be a problem document.
    requireHostHeader: false,
  });
  server.maxConnections = options.maxConnections;
  server.setTimeout(IDLE_TIMEOUT_MS);
  const drain = createDrain(server);

  const rejected = new WeakSet<Socket>();
  const current = new WeakMap<Socket, { request: IncomingMessage; response: ServerResponse }>();
  const reject = (socket: Socket, problem: Problem, { linger }: { linger: boolean }) =>
    sendProblem(socket, problem, { ...options, linger });

  server.on('clientError', (error: NodeJS.ErrnoException, stream) => {
    const socket = stream as Socket;
    // A parser that has failed reports an error for every further chunk. Only the first one is answered.
    if (rejected.has(socket)) return;
    rejected.add(socket);
    const problem = problemOf(error);
    if (!problem) return void socket.destroy();
    const running = current.get(socket);
    // Only a connection whose parser has failed may linger. On others, the rest of the request would still be parsed.
    if (!running) return reject(socket, problem, { linger: error.code?.startsWith('HPE_') ?? false });
    // An error after a complete request must not replace the response to that request.
    if (running.request.complete) running.response.once('close', () => reject(socket, problem, { linger: false }));
    else if (running.response.headersSent) socket.destroy();
    else reject(socket, problem, { linger: false });
  });

  server.on('request', (request, response) => {
    const { socket } = request;
    if (rejected.has(socket)) return;
    current.set(socket, { request, response });
    response.once('close', () => {
      if (current.get(socket)?.response === response) current.delete(socket);
    });
    const problem = checkRequest(request);
    if (!problem) return handle(request, response);
    rejected.add(socket);
    reject(socket, problem, { linger: true });
  });
  // Unknown values of `Expect` are ignored (RFC 9110 §10.1.1).
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));

  return { server, drain };
}

/** Writes a problem to the connection of a request that the application did not receive, and closes the connection. */
function sendProblem(
  socket: Socket,
  problem: Problem,
  { headers, logger, linger }: Pick<HttpServerOptions, 'headers' | 'logger'> & { linger: boolean },
): void {
  if (!socket.writable) return void socket.destroy();
  const requestId = randomUUID();
  logger.info({ requestId, status: problem.status, detail: problem.message }, 'malformed request rejected');
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
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`, () => {
    if (linger) setTimeout(() => socket.destroy(), LINGER_MS).unref();
    else socket.destroy();
  });
}
