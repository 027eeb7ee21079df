import { createServer } from 'node:http';

/** A worker serves no requests, but whoever runs it wants to know how it is. */
export interface HealthServer {
  listen(port: number, host: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Answers `/health/live` and `/health/ready`.
 *
 * @param state the Temporal worker's own word for it; `RUNNING` is ready
 */
export function createHealthServer(state: () => string): HealthServer {
  const server = createServer((request, response) => {
    const known = request.url === '/health/live' || request.url === '/health/ready';
    const ready = request.url === '/health/live' || state() === 'RUNNING';
    response.writeHead(known ? (ready ? 200 : 503) : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(known ? { status: ready ? 'up' : 'down', parts: { worker: state() } } : {}));
  });
  server.requestTimeout = 5_000;
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      }),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
