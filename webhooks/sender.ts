import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { requestedPause } from '../domain/webhook/retry.ts';
import { type Address, EndpointFault, type EndpointPolicy } from './endpoint-policy.ts';

/** An endpoint's response to one request, or the reason why there is no response. */
export interface Reply {
  /** The HTTP status; null without a response. */
  status: number | null;
  /** Why the request failed, as a sentence; null if the endpoint accepted the event. */
  error: string | null;
  /** The first bytes of the body; null without a response. */
  response: string | null;
  /** The pause that `Retry-After` asks for, in ms. */
  pause?: number | undefined;
}

/** Posts JSON to an endpoint once. Resolves also after a fault of the endpoint; rejects only after other errors. */
export type Send = (url: string, headers: Record<string, string>, body: string) => Promise<Reply>;

export interface SenderOptions extends Pick<EndpointPolicy, 'addressesOf'> {
  /** The timeout of the name lookup, the request and the response together, in ms. */
  timeout: number;
}

/** The maximum number of bytes of a response that are stored. */
const RESPONSE_LIMIT = 1_024;

/** The idle time after which a connection is closed, in ms. */
const IDLE_MS = 4_000;

const keptAlive = { keepAlive: true, timeout: IDLE_MS };
const schemes = {
  'http:': { open: requestHttp, agent: byAddress(new HttpAgent(keptAlive)) },
  'https:': { open: requestHttps, agent: byAddress(new HttpsAgent({ ...keptAlive, maxCachedSessions: 0 })) },
};

interface CheckedOptions extends RequestOptions {
  /** The addresses that the policy allowed for this request. */
  addresses?: string;
}

/** Makes an agent reuse a connection only for requests with the same checked addresses. */
function byAddress<T extends HttpAgent>(agent: T): T {
  const nameOf = agent.getName.bind(agent);
  agent.getName = (options?: CheckedOptions) => `${nameOf(options)}:${options?.addresses}`;
  return agent;
}

/**
 * Returns a sender that checks the endpoint's addresses for every request and connects to these addresses only. It
 * ignores the environment's proxy settings and follows no redirects.
 */
export function createSender({ addressesOf, timeout }: SenderOptions): Send {
  return async (url, headers, body) => {
    const signal = AbortSignal.timeout(timeout);
    try {
      const addresses = await addressesOf(new URL(url));
      const names = addresses.map(({ address }) => address).join();
      const options: CheckedOptions = { method: 'POST', headers, signal, lookup: always(addresses), addresses: names };
      const response = await post(url, options, body);
      const { statusCode: status = 0, headers: received } = response;
      const pause = requestedPause(status, received['retry-after'], Date.now());
      return { status, error: errorOf(status), response: await readStart(response), pause };
    } catch (error) {
      return { status: null, error: describe(error, timeout), response: null };
    }
  };
}

/** Replaces the connection's own DNS lookup, which could return other addresses than the checked ones. */
const always =
  (addresses: Address[]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const [{ address, family }] = addresses as [Address];
    if (all) callback(null, addresses);
    else callback(null, address, family);
  };

/** Sends a request. If the endpoint has closed the reused connection, sends the request again on a new connection. */
function post(url: string, options: CheckedOptions, body: string): Promise<IncomingMessage> {
  const { open, agent } = schemes[url.startsWith('https:') ? 'https:' : 'http:'];
  const request = open(url, { ...options, agent });
  return responseTo(request, body).catch((error: unknown) => {
    if (!request.reusedSocket || options.signal?.aborted) throw error;
    return responseTo(open(url, { ...options, agent: false }), body);
  });
}

function responseTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    // The connection was closed without a response. After a response or an error, this rejection has no effect.
    request.once('close', () => reject(new EndpointFault(descriptions.ECONNRESET)));
    request.end(body);
  });
}

/** Reads the start of the body. An interrupted body is not an error, because only the status counts. */
async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= RESPONSE_LIMIT) break;
    }
  } catch {
    // Timed out or closed: keep the chunks received so far.
  }
  const text = Buffer.concat(chunks).subarray(0, RESPONSE_LIMIT).toString();
  return text.replace(/(?![\t\n])\p{Cc}/gu, '\ufffd');
}

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `The endpoint answered ${status}: redirects are not followed.`;
  if (status === 410) return 'The endpoint answered 410: it is gone.';
  return `The endpoint answered ${status}.`;
}

const descriptions: Record<string, string> = {
  ECONNREFUSED: 'The endpoint refused the connection.',
  ECONNRESET: 'The endpoint closed the connection without an answer.',
  EHOSTUNREACH: 'The endpoint cannot be reached.',
  ENETUNREACH: 'The endpoint cannot be reached.',
  ETIMEDOUT: 'The endpoint cannot be reached.',
};

/** Returns a sentence about the endpoint's fault. @throws other errors */
function describe(error: unknown, timeout: number): string {
  if (error instanceof EndpointFault) return error.message;
  const { name, code } = error as Error & { code?: string };
  if (name === 'AbortError' || name === 'TimeoutError')
    return `The endpoint did not answer within ${timeout / 1_000} s.`;
  // Errors of connections, TLS and HTTP have a code, so an error without a code is not the endpoint's fault.
  if (code === undefined) throw error;
  return descriptions[code] ?? `The request failed (${code}).`;
}
