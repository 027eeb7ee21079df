import type { IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { askedPause } from '../../domain/webhook/retry.ts';

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

/** They keep no connection, nor what would resume one; `agent: false` does the same with an agent made for each request. */
const plain = { agent: new HttpAgent({ keepAlive: false }), request: requestHttp };
const secure = { agent: new HttpsAgent({ keepAlive: false, maxCachedSessions: 0 }), request: requestHttps };

/**
 * Connects to the very addresses that were checked, under the host's name; proxies of the environment are none of its
 * business, and redirects lead nowhere. Each request has a connection of its own, so each is checked.
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
      const options = { method: 'POST', headers, signal, lookup: answering(addresses) } as const;
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

function post(url: string, options: RequestOptions, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { agent, request: open } = url.startsWith('https:') ? secure : plain;
    const request = open(url, { ...options, agent }, resolve);
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
