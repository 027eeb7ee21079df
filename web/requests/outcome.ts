import type { Problem } from '../client/index.ts';

/**
 * The outcome of a request: its data, the API's refusal, or `retry` if the API has not decided. Then the request may have had an
 * effect, so it must be repeated with the same idempotency key.
 */
export type Outcome<Data> =
  | { kind: 'done'; data: Data; response: Response }
  | { kind: 'refused'; problem: Problem }
  | { kind: 'retry' };

interface Result<Data> {
  data?: Data | undefined;
  error?: unknown;
  response?: Response | undefined;
}

/** Expired sign-ins, too many requests, outages, and proxies without a server. */
const TEMPORARY = new Set([401, 429, 502, 503, 504]);

/** Waits for a request of the generated client, and returns its outcome. */
export async function outcomeOf<Data>(request: Promise<Result<Data>>): Promise<Outcome<Data>> {
  const { data, error, response } = await request;
  if (!response || TEMPORARY.has(response.status)) return { kind: 'retry' };
  if (response.ok) return { kind: 'done', data: data as Data, response };
  return { kind: 'refused', problem: error as Problem };
}
