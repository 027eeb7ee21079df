import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { askedPause } from '../domain/webhook/retry.ts';

/** An address that a webhook may be sent to. */
export interface Address {
  address: string;
  family: 4 | 6;
}

/** What an endpoint answered, or why there is no answer. */
export interface Reply {
  status: number | null;
  /** A sentence, when the endpoint did not take it. */
  error: string | null;
  /** How the answer began. */
  response: string | null;
  /** For how long the endpoint wants to be left alone, in ms, if it says so. */
  pause?: number | undefined;
}

/** Posts JSON to an endpoint, once; never throws. */
export type Send = (url: string, headers: Record<string, string>, body: string) => Promise<Reply>;

export interface SenderOptions {
  /** Where a host is, and whether webhooks may be sent there at all; a refusal is an error whose message says so. */
  addressesOf(url: URL): Promise<Address[]>;
  /** How long an endpoint may take, from the connection to the end of its answer, in ms. */
  deadline: number;
}

/** In bytes: more of an answer nobody reads. */
const RESPONSE_LIMIT = 1_024;

/** How long a connection is kept that nobody needs, in ms; an endpoint may ask for less. */
const IDLE_MS = 4_000;

const kept = { keepAlive: true, timeout: IDLE_MS };
const schemes = {
  'http:': { open: requestHttp, agent: byAddress(new HttpAgent(kept)) },
  'https:': { open: requestHttps, agent: byAddress(new HttpsAgent({ ...kept, maxCachedSessions: 0 })) },
};

/** Gives a request an open connection only if its host had the same addresses, checked for both, when that was made. */
function byAddress<T extends HttpAgent>(agent: T): T {
  const nameOf = agent.getName.bind(agent);
  agent.getName = (options?: Checked) => `${nameOf(options)}:${options?.addresses}`;
  return agent;
}

interface Checked extends RequestOptions {
  /** All that its host has, as they were checked for this request. */
  addresses?: string;
}

/**
 * Connects to the very addresses that were checked, under the host's name; proxies of the environment are none of its
 * business, and redirects lead nowhere. Each request is checked, whether its connection is a new one or not.
 */
export function createSender({ addressesOf, deadline }: SenderOptions): Send {
  return async (url, headers, body) => {
    const signal = AbortSignal.timeout(deadline);
    let addresses: Address[];
    try {
      addresses = await addressesOf(new URL(url));
    } catch (error) {
      return { status: null, error: (error as Error).message, response: null };
    }
    try {
      const all = addresses.map(({ address }) => address).join();
      const options: Checked = { method: 'POST', headers, signal, lookup: answering(addresses), addresses: all };
      const answer = await post(url, options, body);
      const { statusCode: status = 0, headers: said } = answer;
      const pause = askedPause(status, said['retry-after'], Date.now());
      return { status, error: faultIn(status), response: await beginningOf(answer), pause };
    } catch (error) {
      return { status: null, error: sentenceOf(error, deadline), response: null };
    }
  };
}

/** Stands in for the resolver of the connection, so that nobody is asked twice: the second answer could be another. */
const answering =
  (addresses: Address[]): LookupFunction =>
  (_hostname, { all }, callback) => {
    const [{ address, family }] = addresses as [Address];
    if (all) callback(null, addresses);
    else callback(null, address, family);
  };

/** Over a kept connection, or else a new one: what a kept one had closed just before is sent again; the event's id tells. */
function post(url: string, options: Checked, body: string): Promise<IncomingMessage> {
  const { open, agent } = schemes[url.startsWith('https:') ? 'https:' : 'http:'];
  const request = open(url, { ...options, agent });
  return answerTo(request, body).catch((error: unknown) => {
    if (!request.reusedSocket || options.signal?.aborted) throw error;
    return answerTo(open(url, { ...options, agent: false }), body);
  });
}

function answerTo(request: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.on('error', reject);
    // Where there was an answer, or an error, this comes too late to matter.
    request.once('close', () => reject(new Error('the connection was closed without an answer')));
    request.end(body);
  });
}

/** Its status has decided already: an answer that never ends is cut off. */
async function beginningOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of answer) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= RESPONSE_LIMIT) break;
    }
  } catch {
    // What has come is what there is.
  }
  const text = Buffer.concat(chunks).subarray(0, RESPONSE_LIMIT).toString();
  return text.replace(/(?![\t\n])\p{Cc}/gu, '\ufffd');
}

function faultIn(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `The endpoint answered ${status}: redirects are not followed.`;
  if (status === 410) return 'The endpoint answered 410: it is gone.';
  return `The endpoint answered ${status}.`;
}

const sentences: Record<string, string> = {
  ECONNREFUSED: 'The endpoint refused the connection.',
  ECONNRESET: 'The endpoint closed the connection without an answer.',
  EHOSTUNREACH: 'The endpoint cannot be reached.',
  ENETUNREACH: 'The endpoint cannot be reached.',
  ETIMEDOUT: 'The endpoint cannot be reached.',
};

function sentenceOf(error: unknown, deadline: number): string {
  const { name, code } = error as Error & { code?: string };
  if (name === 'AbortError' || name === 'TimeoutError') {
    return `The endpoint did not answer within ${deadline / 1_000} s.`;
  }
  return sentences[code ?? ''] ?? `The endpoint did not answer as HTTP has it${code ? ` (${code})` : ''}.`;
}
