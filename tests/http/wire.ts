import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { Answer, Shop } from '../shop.ts';

// Requests that `fetch` cannot send.

const TIMEOUT_MS = 10_000;

/** Sends any method and path, such as TRACE or an invalid URL. */
export function send(shop: Shop, method: string, path: string, headers: Record<string, string> = {}): Promise<Answer> {
  const { hostname, port } = new URL(shop.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, method, path, headers, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve(toAnswer(response.statusCode ?? 0, new Headers(response.headers as Record<string, string>), text)),
      );
    });
    request.on('error', reject);
    request.end();
  });
}

/**
 * Writes all bytes to the API before it reads a response, as simple clients do. Returns the last expected
 * response.
 *
 * @param answers the number of responses to wait for
 * @throws if the connection closes before all responses are complete
 */
export async function write(
  shop: Shop,
  parts: readonly (string | Uint8Array)[],
  { answers = 1 } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(shop.url);
  const socket = connect({ host: hostname, port: Number(port) }).setTimeout(TIMEOUT_MS, () => {
    socket.destroy(new Error('no whole answer in time'));
  });
  const received = (async () => {
    let text = '';
    for await (const part of socket.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
      text += part;
      const found = answersIn(text);
      if (found.length >= answers) return found[answers - 1] as Answer;
    }
    throw new Error(`the connection was closed after: ${text}`);
  })();
  const sent = parts.map(
    (part) => new Promise<void>((done, failed) => socket.write(part, (error) => (error ? failed(error) : done()))),
  );
  const [answer] = await Promise.all([received, ...sent]).finally(() => socket.destroy());
  return answer;
}

/** Parses the complete responses in received data. */
function answersIn(text: string): Answer[] {
  const answers: Answer[] = [];
  for (let rest = text; ; ) {
    const end = rest.indexOf('\r\n\r\n') + 4;
    if (end < 4) return answers;
    const [start = '', ...lines] = rest.slice(0, end - 4).split('\r\n');
    const headers = new Headers(lines.map((line) => line.split(': ', 2) as [string, string]));
    const length = Number(headers.get('content-length') ?? 0);
    const body = Buffer.from(rest.slice(end)).subarray(0, length).toString();
    if (Buffer.byteLength(body) < length) return answers;
    answers.push(toAnswer(Number(start.split(' ')[1]), headers, body));
    rest = rest.slice(end + body.length);
  }
}

function toAnswer(status: number, headers: Headers, text: string): Answer {
  const json = headers.get('content-type')?.includes('json');
  return { status, headers, body: json && text ? JSON.parse(text) : text };
}
