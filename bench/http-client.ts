import { Agent, request } from 'node:http';

/** A client of one API that keeps its one connection open and costs little itself. */
export interface HttpClient {
  /** @throws when the answer is not a 2xx */
  send<Body>(method: string, path: string, options?: { as?: string; body?: unknown; key?: string }): Promise<Body>;
  signIn(username: string): Promise<string>;
  close(): void;
}

const DEADLINE_MS = 10_000;

export function createHttpClient(url: string): HttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });

  function exchange(method: string, path: string, headers: Record<string, string>, body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        `${url}${path}`,
        { method, agent, signal: AbortSignal.timeout(DEADLINE_MS), headers },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk) => chunks.push(chunk));
          incoming.on('error', reject);
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const { statusCode = 0 } = incoming;
            if (statusCode >= 200 && statusCode < 300) resolve(text);
            else reject(new Error(`${method} ${path} was answered with ${statusCode}: ${text}`));
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  return {
    async send(method, path, { as, body, key } = {}) {
      const text = body === undefined ? '' : JSON.stringify(body);
      const headers = {
        ...(as && { authorization: `Bearer ${as}` }),
        ...(key && { 'idempotency-key': key }),
        ...(text && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }),
      };
      return JSON.parse(await exchange(method, path, headers, text));
    },
    async signIn(username) {
      const form = new URLSearchParams({ grant_type: 'password', client_id: 'crema', username, password: 'test' });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const { access_token } = JSON.parse(await exchange('POST', '/oauth/token', headers, form.toString()));
      return access_token;
    },
    close: () => agent.destroy(),
  };
}
