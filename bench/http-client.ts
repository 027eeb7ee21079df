import { Agent, request } from 'node:http';

/** A client of one API, with persistent connections. */
export interface HttpClient {
  /**
   * Sends a request. With an idempotency key, repeats the request while the answer is 503.
   *
   * @throws if the answer is not a 2xx
   */
  send<Body>(
    method: string,
    path: string,
    options?: { as?: string; body?: unknown; text?: string; key?: string },
  ): Promise<Body>;
  close(): void;
}

const DEADLINE_MS = 30_000;

interface Answer {
  status: number;
  text: string;
}

export function createHttpClient(url: string, { connections }: { connections: number }): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });

  function exchange(method: string, path: string, headers: Record<string, string>, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${url}${path}`,
        { method, agent, signal: AbortSignal.timeout(DEADLINE_MS), headers },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  async function bodyOf(method: string, path: string, headers: Record<string, string>, body: string): Promise<string> {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const { status, text } = await exchange(method, path, headers, body);
      if (status >= 200 && status < 300) return text;
      const again = status === 503 && headers['idempotency-key'] && performance.now() < deadline;
      if (!again) throw new Error(`${method} ${path} returned ${status}: ${text}`);
    }
  }

  return {
    async send(method, path, { as, body, text = body === undefined ? '' : JSON.stringify(body), key } = {}) {
      const headers = {
        ...(as && { authorization: `Bearer ${as}` }),
        ...(key && { 'idempotency-key': key }),
        ...(text && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      };
      return JSON.parse(await bodyOf(method, path, headers, text));
    },
    close: () => agent.destroy(),
  };
}
