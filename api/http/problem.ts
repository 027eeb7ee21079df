/** The `Retry-After` of every 503, in seconds. Most outages are shorter. */
export const RETRY_AFTER_S = '1';

/** The status and title of each problem code (RFC 9457). */
export const problems = {
  invalid_request: { status: 400, title: 'The request is invalid' },
  unauthenticated: { status: 401, title: 'Authentication is required' },
  forbidden: { status: 403, title: 'Access denied' },
  wrong_password: { status: 403, title: 'The password is incorrect' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  illegal_transition: { status: 409, title: 'Transition not allowed' },
  product_unavailable: { status: 409, title: 'A product is not available' },
  options_invalid: { status: 409, title: 'The options of a line are invalid' },
  price_changed: { status: 409, title: 'The total differs from expectedTotal' },
  name_taken: { status: 409, title: 'The name is already in use' },
  email_taken: { status: 409, title: 'The email address is already registered' },
  nothing_to_send: { status: 409, title: 'The email cannot be sent again' },
  last_manager: { status: 409, title: 'The shop must keep at least one manager' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  too_many_webhooks: { status: 409, title: 'Too many webhooks' },
  invalid_link: { status: 410, title: 'The link is invalid or has expired' },
  version_mismatch: { status: 412, title: 'The resource has changed since it was read' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  idempotency_key_reused: { status: 422, title: 'The idempotency key was used for a different request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_streams: { status: 429, title: 'Too many open streams' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Internal server error' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
  outcome_unknown: { status: 503, title: 'The outcome of the request is unknown' },
} as const;

export type ProblemCode = keyof typeof problems;

/** The part of a request that a fault is in. */
export type FaultLocation = { pointer: string } | { parameter: string } | { header: string };

export type Fault = { detail: string } & FaultLocation;

export interface ProblemOptions {
  /** A sentence about this request. Default: the title. */
  detail?: string;
  headers?: Record<string, string>;
  /** Members of the document besides those of RFC 9457, such as `currentStatus`. */
  extra?: Record<string, unknown>;
  /** The underlying error: logged, never sent. */
  cause?: unknown;
}

/** An error that `middleware/problems.ts` sends to the client. */
export class Problem extends Error {
  override name = 'Problem';
  readonly code: ProblemCode;
  readonly options: ProblemOptions;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    super(options.detail ?? problems[code].title, { cause: options.cause });
    this.code = code;
    this.options = options;
  }

  get status(): number {
    return problems[this.code].status;
  }

  /** Returns the `application/problem+json` document. `instance` is the id of the request. */
  toDocument(instance: string): Record<string, unknown> {
    const { status, title } = problems[this.code];
    const { detail, extra } = this.options;
    const type = `/docs/problems#${this.code}`;
    return { type, title, status, detail: detail ?? `${title}.`, instance, code: this.code, ...extra };
  }
}

/** Returns a 405. @param allow the methods that the path supports, for the header `Allow` */
export const methodNotAllowed = ({ path, method }: { path: string; method: string }, allow: string): Problem =>
  new Problem('method_not_allowed', {
    detail: `${path} does not support ${method}. Allowed methods: ${allow}.`,
    headers: { allow },
  });

/** How many faults a response lists at most. */
const MAX_FAULTS = 100;

/** Returns a 400 that lists the faults. */
export function invalidRequest(faults: Fault[]): Problem {
  const errors = faults.slice(0, MAX_FAULTS);
  const detail = errors.length === 1 ? errors[0]?.detail : `The request has ${errors.length} faults, listed in errors.`;
  return new Problem('invalid_request', { detail, extra: { errors } });
}
