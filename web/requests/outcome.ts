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

/** Whether the same request can succeed later: after a new sign-in, a pause, or an outage of the API or of a proxy. */
const isTemporary = (status: number): boolean => [401, 408, 425, 429].includes(status) || status >= 500;

/** Waits for a request of the generated client, and returns its outcome. */
export async function outcomeOf<Data>(request: Promise<Result<Data>>): Promise<Outcome<Data>> {
  const { data, error, response } = await request;
  if (!response || isTemporary(response.status)) return { kind: 'retry' };
  // An error in spite of a success means that the body was cut off.
  if (response.ok) return error === undefined ? { kind: 'done', data: data as Data, response } : { kind: 'retry' };
  const problem = error as Partial<Problem>;
  // A proxy, and not the API, has answered without a problem document.
  return problem.code ? { kind: 'refused', problem: problem as Problem } : { kind: 'retry' };
}
