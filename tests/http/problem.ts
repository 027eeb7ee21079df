import type { Answer } from '../shop.ts';

/** The problem codes and their statuses, repeated here to detect changes of the contract. */
const statusOf = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  wrong_password: 403,
  not_found: 404,
  method_not_allowed: 405,
  illegal_transition: 409,
  product_unavailable: 409,
  options_invalid: 409,
  name_taken: 409,
  email_taken: 409,
  nothing_to_send: 409,
  last_manager: 409,
  webhook_disabled: 409,
  too_many_webhooks: 409,
  invalid_link: 410,
  version_mismatch: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  idempotency_key_reused: 422,
  rate_limited: 429,
  too_many_streams: 429,
  internal: 500,
  unavailable: 503,
};

/** Words that reveal the implementation. */
const insides =
  /node_modules|node:|\.ts\b|\.js\b|\bat \S+ \(|\b(select|insert|update) .*\b(from|into|set)\b|zod|knex|ECONN/i;

/**
 * Expects a complete problem document that does not reveal the implementation.
 *
 * @param extra members besides RFC 9457's own and `code`
 */
export function expectProblem(answer: Answer, code: keyof typeof statusOf, extra: Record<string, unknown> = {}): void {
  const { status, headers, body } = answer;
  expect({ status, body }).toEqual({
    status: statusOf[code],
    body: {
      type: `/docs/problems#${code}`,
      title: expect.stringMatching(/^\S.*[^.]$/),
      status: statusOf[code],
      detail: expect.stringMatching(/^\S/),
      instance: `urn:uuid:${headers.get('x-request-id')}`,
      code,
      ...extra,
    },
  });
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(JSON.stringify(body)).not.toMatch(insides);
}

/** Words of the validation library, which do not help clients. */
export const rawWords = /\b(Invalid|Too (small|big)|Unrecognized|expected|received|undefined|NaN)\b/;

/**
 * Expects a 400 that reports exactly these faults, each with a detail.
 *
 * @param places in any order: `#/lines/0` in the body, `?limit` for a parameter of path or query, `if-match:` for a
 *   header
 */
export function expectFaults(answer: Answer, places: string[]): void {
  expectProblem(answer, 'invalid_request', { errors: expect.any(Array) });
  const faults: { pointer?: string; parameter?: string; header?: string; detail: string }[] = answer.body.errors;
  const named = faults.map(({ pointer, parameter, header }) => pointer ?? (header ? `${header}:` : `?${parameter}`));
  expect([...new Set(named)].toSorted()).toEqual(places.toSorted());
  for (const fault of faults) {
    expect(Object.keys(fault)).toHaveLength(2);
    expect(fault.detail).toMatch(/\S/);
    expect(fault.detail).not.toMatch(rawWords);
  }
}
