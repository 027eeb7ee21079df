import type { Answer, Shop } from '../shop.ts';

/** Returns an answer and its duration, in ms. */
export async function timed(act: () => Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const start = performance.now();
  return { answer: await act(), ms: performance.now() - start };
}

/** Sends one request to move an order, as the manager. The outcome may be unknown. */
export const moveOnce = (shop: Shop, id: string, status: string, key?: string): Promise<Answer> =>
  shop.request('POST', `/v1/orders/${id}/status`, {
    as: shop.manager,
    body: { status },
    headers: key ? { 'idempotency-key': key } : {},
  });

/**
 * Expects the problem for an unknown outcome. The API answers after 3 s, or later on a busy machine.
 *
 * @returns the key that makes a retry safe
 */
export function expectUnknown({ answer, ms }: { answer: Answer; ms: number }): string {
  expect(answer.body).toMatchObject({ status: 503, code: 'outcome_unknown' });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(ms).toBeLessThan(8_000);
  const key = answer.headers.get('idempotency-key');
  expect(key).toMatch(/^[!-~]{1,255}$/);
  return key as string;
}
