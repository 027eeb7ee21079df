/** `Retry-After` of every 503, in seconds: after most outages, the next try succeeds. */
export const RETRY_AFTER_S = '1';

/** Every way in which a request can go wrong, with its status and title (design §4, RFC 9457). */
export const problems = {
  invalid_request: { status: 400, title: 'The request is invalid' },
  unauthenticated: { status: 401, title: 'Sign in first' },
  forbidden: { status: 403, title: 'You may not do this' },
  wrong_password: { status: 403, title: 'The password is wrong' },
  not_found: { status: 404, title: 'There is no such thing' },
  method_not_allowed: { status: 405, title: 'This method is not allowed here' },
  request_timeout: { status: 408, title: 'The request took too long to arrive' },
  illegal_transition: { status: 409, title: 'The order cannot go there from where it is' },
  product_unavailable: { status: 409, title: 'Some lines cannot be ordered' },
  price_changed: { status: 409, title: 'The total is not what you expected' },
  name_taken: { status: 409, title: 'Another one on sale has that name' },
  email_taken: { status: 409, title: 'Somebody has an account with that address' },
  nothing_to_send: { status: 409, title: 'There is nothing to send' },
  last_manager: { status: 409, title: 'The shop needs a manager' },
  webhook_disabled: { status: 409, title: 'The webhook is disabled' },
  too_many_webhooks: { status: 409, title: 'The shop has as many webhooks as it can have' },
  invalid_link: { status: 410, title: 'The link does not work any more' },
  version_mismatch: { status: 412, title: 'It has changed since you read it' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body must be JSON' },
  idempotency_key_reused: { status: 422, title: 'This idempotency key belongs to another request' },
  rate_limited: { status: 429, title: 'Too many requests' },
  too_many_streams: { status: 429, title: 'You follow as many streams as you may' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  internal: { status: 500, title: 'Something went wrong on our side' },
  unavailable: { status: 503, title: 'A part of the shop cannot be reached' },
  outcome_unknown: { status: 503, title: 'It is not known yet whether this happened' },
} as const;

export type ProblemCode = keyof typeof problems;

/** Where a request is wrong: in its body, a parameter, or a header. */
export type Fault = { detail: string } & ({ pointer: string } | { parameter: string } | { header: string });

export interface ProblemOptions {
  /** One sentence about this very request. */
  detail?: string;
  headers?: Record<string, string>;
  /** Members of the document besides RFC 9457's own, such as `currentStatus`. */
  extra?: Record<string, unknown>;
  /** What went wrong underneath; logged, never sent. */
  cause?: unknown;
}

/** A request ends here: thrown at the edge, answered by `middleware/problems.ts`. */
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

  /** The `application/problem+json` document. `instance` is the request's id. */
  toDocument(instance: string): Record<string, unknown> {
    const { status, title } = problems[this.code];
    const { detail, extra } = this.options;
    const type = `/docs/problems#${this.code}`;
    return { type, title, status, detail: detail ?? `${title}.`, instance, code: this.code, ...extra };
  }
}

/** A 400 that names every fault, not just the first. */
export function invalidRequest(errors: Fault[]): Problem {
  const detail = errors.length === 1 ? errors[0]?.detail : `There are ${errors.length} faults.`;
  return new Problem('invalid_request', { detail, extra: { errors } });
}
