import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../../stack/service.ts';
import type { Account } from './chaos-shop.ts';
import { type Attempt, isAccepted, isChange, isRefused, type Operation, type ShownOrder } from './operation-log.ts';
import type { Random } from './random.ts';

/** A request to the API. */
export interface OperationRequest extends Pick<Operation, 'kind' | 'method' | 'path' | 'key' | 'body'> {
  expected?: number[];
  /** Headers in addition to the idempotency key, such as `If-Match`. */
  headers?: Record<string, string>;
  /** Whether to send two copies of the request at the same time, with the same key. */
  twice?: boolean;
}

/** Sends requests with one account, and logs all requests and answers. */
export interface Client {
  /**
   * Sends a request. Repeats a change until it is accepted or finally rejected, or the client is stopped.
   *
   * @returns the last answer, if there is one
   */
  ask(request: OperationRequest): Promise<(Attempt & { body?: unknown }) | undefined>;
}

/** The timeout of a request, in ms. Crema's own deadline is 3 s. */
const REQUEST_TIMEOUT_MS = 10_000;

/** The pause before a retry without `Retry-After`, and the longest pause, in ms. */
const PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1_000;

interface Options {
  who: string;
  account: Account;
  /** If an API does not answer, the client uses the next one. */
  apis: Service[];
  log: Operation[];
  random: Random;
  /** Ends all retries. */
  stop: AbortSignal;
}

export function createClient({ who, account, apis, log, random, stop }: Options): Client {
  let token: string | undefined;
  let turn = Math.floor(random.between(0, apis.length));

  async function ask({ headers = {}, twice, expected = [], ...request }: OperationRequest) {
    const operation: Operation = { who, ...request, expected, attempts: [] };
    log.push(operation);
    const sent = {
      ...headers,
      ...(request.key && { 'idempotency-key': request.key }),
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
    };
    const body = request.body === undefined ? null : JSON.stringify(request.body);
    for (;;) {
      if (!token && !(await signIn())) return undefined;
      const once = () => send(operation, { ...sent, ...(token && { authorization: `Bearer ${token}` }) }, body);
      const [answer] = await Promise.all(twice ? [once(), once()] : [once()]);
      if (!answer || isAccepted(answer) || isRefused(answer)) return answer;
      if (answer.status === 401) token = undefined;
      if (!isChange(operation) || stop.aborted) return answer;
      await delay(Math.min(answer.pause, LONGEST_PAUSE_MS) * random.between(0.3, 1));
    }
  }

  /** Sends one request and records it as an attempt. */
  async function send(operation: Operation, headers: Record<string, string>, body: string | URLSearchParams | null) {
    const attempt: Attempt = { requestId: randomUUID(), sentAt: Date.now(), endedAt: 0 };
    operation.attempts.push(attempt);
    const api = apis[turn % apis.length];
    try {
      const response = await fetch(`${api?.url}${operation.path}`, {
        method: operation.method,
        headers: { ...headers, 'x-request-id': attempt.requestId },
        body,
        redirect: 'manual',
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
      const text = await response.text();
      const json = response.headers.get('content-type')?.includes('json');
      const answered: { code?: string } | undefined = json ? JSON.parse(text) : undefined;
      attempt.status = response.status;
      attempt.replayed = response.headers.get('idempotency-replayed') === 'true';
      if (answered?.code) attempt.code = answered.code;
      if (isAccepted(attempt)) attempt.shown = ordersIn(answered);
      const pause = Number(response.headers.get('retry-after')) * 1_000 || PAUSE_MS;
      return { ...attempt, body: answered, pause };
    } catch {
      // The outcome is unknown. Ask the other API next.
      turn += 1;
      return { ...attempt, body: undefined, pause: PAUSE_MS };
    } finally {
      attempt.endedAt = Date.now();
    }
  }

  async function signIn(): Promise<boolean> {
    const operation: Operation = {
      who,
      kind: 'sign in',
      method: 'POST',
      path: '/oauth/token',
      expected: [],
      attempts: [],
    };
    log.push(operation);
    const { email: username, password } = account;
    const form = new URLSearchParams({ grant_type: 'password', client_id: 'crema', username, password });
    do {
      const answer = await send(operation, {}, form);
      token = (answer.body as { access_token?: string } | undefined)?.access_token;
      if (token) return true;
      await delay(random.between(200, LONGEST_PAUSE_MS));
    } while (!stop.aborted);
    return false;
  }

  return { ask };
}

/** Returns the orders in an answer: one, or a list. */
function ordersIn(body: unknown): ShownOrder[] {
  const orders = Array.isArray((body as { data?: unknown } | undefined)?.data)
    ? (body as { data: unknown[] }).data
    : [body];
  return orders.filter(
    (order): order is ShownOrder =>
      Number.isInteger((order as ShownOrder | undefined)?.version) && Array.isArray((order as ShownOrder).lines),
  );
}
