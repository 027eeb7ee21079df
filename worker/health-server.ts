import { createServer, type ServerResponse, STATUS_CODES } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { version } from '../config/version.ts';

/** The content of `/metrics`. */
export interface MetricsPage {
  contentType: string;
  text(): Promise<string>;
  mayRead(authorization?: string): boolean;
}

/** The timeout of a check, in ms. */
const CHECK_TIMEOUT_MS = 2_000;

/**
 * Returns a server for `/health/live`, `/health/ready` and `/metrics`. A running worker is ready even if a service is down,
 * because its activities retry.
 *
 * @param instance identifies this process
 * @param state returns the state of the Temporal worker
 * @param checks the checks of services, by name; each resolves if its service answers
 * @param metrics if undefined, `/metrics` is 404
 */
export function createHealthServer(
  instance: string,
  state: () => string,
  checks: Record<string, () => Promise<unknown>>,
  metrics?: MetricsPage,
) {
  const server = createServer(async ({ url, headers }, response) => {
    if (metrics && url === '/metrics') return answerMetrics(metrics, headers.authorization, response);
    const ready = url === '/health/live' || state() === 'RUNNING';
    const status = url === '/health/live' || url === '/health/ready' ? (ready ? 200 : 503) : 404;
    const parts = url === '/health/ready' ? await statesOf(checks) : {};
    response.writeHead(status, { 'content-type': 'application/json' });
    const identity = { name: 'crema-worker', version, instance };
    response.end(JSON.stringify({ status: ready ? 'up' : 'down', ...identity, worker: state(), parts }));
  });
  server.requestTimeout = 5_000;
  return {
    listen: (port: number, host: string) =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, resolve);
      }),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

async function answerMetrics(page: MetricsPage, authorization: string | undefined, response: ServerResponse) {
  if (!page.mayRead(authorization)) {
    response.setHeader('www-authenticate', 'Bearer realm="metrics"');
    return refuse(response, 401, 'Send the value of METRICS_TOKEN: Authorization: Bearer <token>.');
  }
  const text = await page.text().catch(() => undefined);
  if (text === undefined) return refuse(response, 503, 'The metrics of Temporal’s SDK are unavailable.');
  response.writeHead(200, { 'content-type': page.contentType, 'cache-control': 'no-store' }).end(text);
}

/** Sends a problem document (RFC 9457). */
function refuse(response: ServerResponse, status: number, detail: string): void {
  response.writeHead(status, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' });
  response.end(JSON.stringify({ title: STATUS_CODES[status], status, detail }));
}

async function statesOf(checks: Record<string, () => Promise<unknown>>): Promise<Record<string, 'up' | 'down'>> {
  const states = Object.entries(checks).map(async ([name, check]): Promise<[string, 'up' | 'down']> => {
    const timeout = setTimeout(CHECK_TIMEOUT_MS, 'down' as const, { ref: false });
    return [name, await Promise.race([check().then(() => 'up' as const), timeout]).catch(() => 'down' as const)];
  });
  return Object.fromEntries(await Promise.all(states));
}
