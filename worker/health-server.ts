import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

/** A worker serves no requests, but whoever runs it wants to know how it is. */
export interface HealthServer {
  listen(port: number, host: string): Promise<void>;
  close(): Promise<void>;
}

/** How long a part may take to answer before it counts as down, in ms. */
const DEADLINE_MS = 2_000;

/**
 * Answers `/health/live` and `/health/ready`. A worker that runs is ready, whatever else is down: its activities retry.
 *
 * @param state the Temporal worker's own word for it
 * @param checks what it works with, by name: each resolves when its part answers
 */
export function createHealthServer(state: () => string, checks: Record<string, () => Promise<unknown>>): HealthServer {
  const server = createServer(async ({ url }, response) => {
    const ready = url === '/health/live' || state() === 'RUNNING';
    const status = url === '/health/live' || url === '/health/ready' ? (ready ? 200 : 503) : 404;
    const parts = url === '/health/ready' ? await statesOf(checks) : {};
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ status: ready ? 'up' : 'down', worker: state(), parts }));
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

async function statesOf(checks: Record<string, () => Promise<unknown>>): Promise<Record<string, 'up' | 'down'>> {
  const states = Object.entries(checks).map(async ([name, check]): Promise<[string, 'up' | 'down']> => {
    const late = setTimeout(DEADLINE_MS, 'down' as const, { ref: false });
    return [name, await Promise.race([check().then(() => 'up' as const), late]).catch(() => 'down' as const)];
  });
  return Object.fromEntries(await Promise.all(states));
}
