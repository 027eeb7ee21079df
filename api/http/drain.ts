import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer, type Socket } from 'node:net';
import { setImmediate } from 'node:timers/promises';

/** A turn of the event loop is quiet if it accepts no connection and is not longer than this, in ms. */
const QUIET_TURN_MS = 0.2;

/** How long the server waits for two quiet turns before it stops accepting connections, in ms. */
const BACKLOG_TIMEOUT_MS = 500;

/** How long an open connection without a request may still send its first one, in ms. */
const FIRST_REQUEST_TIMEOUT_MS = 1_000;

/** After the timeout of first requests, idle connections are closed at this interval, in ms. */
const IDLE_CHECK_MS = 50;

/** @param timeout the time after which the remaining connections are closed, in ms */
export type Drain = (timeout: number) => Promise<void>;

/**
 * Returns a function that stops the server without interrupting a request. The server then accepts no more connections, answers
 * requests on open connections with `Connection: close`, and closes idle ones. Call `createDrain` before other listeners for
 * `request` are added.
 */
export function createDrain(server: Server): Drain {
  /** Connections without a request so far. Node does not count them as idle, so `closeIdleConnections` does not close them. */
  const withoutRequest = new Set<Socket>();
  const unfinished = new Set<ServerResponse>();
  let accepted = 0;
  let draining = false;

  server.on('connection', (socket) => {
    accepted += 1;
    withoutRequest.add(socket);
    socket.once('close', () => withoutRequest.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    withoutRequest.delete(socket);
    unfinished.add(response);
    response.once('close', () => unfinished.delete(response));
    if (draining) response.shouldKeepAlive = false;
  });

  /**
   * Waits until the connections in the backlog are accepted, as closing the server would reset them. Node accepts one each turn
   * of the event loop, so after two quiet turns in a row the backlog is empty.
   */
  async function emptyBacklog(): Promise<void> {
    const until = performance.now() + BACKLOG_TIMEOUT_MS;
    for (let quietTurns = 0; quietTurns < 2 && performance.now() < until; ) {
      const [acceptedBefore, start] = [accepted, performance.now()];
      await setImmediate();
      const quiet = accepted === acceptedBefore && performance.now() - start <= QUIET_TURN_MS;
      quietTurns = quiet ? quietTurns + 1 : 0;
    }
  }

  return async (timeout) => {
    draining = true;
    for (const response of unfinished) response.shouldKeepAlive &&= response.headersSent;
    await emptyBacklog();
    // The `close` of `http.Server` would reset connections whose first request is arriving. That of `net.Server` does not.
    const closed = new Promise<void>((resolve) => NetServer.prototype.close.call(server, () => resolve()));
    let idleCheck: NodeJS.Timeout | undefined;
    const firstRequests = setTimeout(() => {
      for (const socket of withoutRequest) socket.destroy();
      idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    }, FIRST_REQUEST_TIMEOUT_MS);
    const forced = setTimeout(() => server.closeAllConnections(), timeout);
    await closed;
    clearTimeout(firstRequests);
    clearInterval(idleCheck);
    clearTimeout(forced);
  };
}
