import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../shop.ts';

/** An answer and how long it took, in ms. */
export async function timed(act: () => Promise<Answer>): Promise<{ answer: Answer; ms: number }> {
  const start = performance.now();
  return { answer: await act(), ms: performance.now() - start };
}

/** "It may or may not have happened", in time (design §3; issue 3: within 4 s). Returns the key that makes a retry safe. */
export function expectUnknown({ answer, ms }: { answer: Answer; ms: number }): string {
  expect(answer.body).toMatchObject({ status: 503, code: 'outcome_unknown' });
  expect(answer.status).toBe(503);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
  expect(ms).toBeLessThan(4_000);
  const key = answer.headers.get('idempotency-key');
  expect(key).toMatch(/^[!-~]{1,255}$/);
  return key as string;
}

/**
 * Does as a 503 `outcome_unknown` says: asks again until the outcome is known. Gives the last answer.
 *
 * @param ask must send the key that it was told
 * @param deadline in ms; longer than 20 s only where a worker is started meanwhile
 */
export async function retried(ask: () => Promise<Answer>, deadline = 20_000): Promise<Answer> {
  const start = performance.now();
  for (;;) {
    const answer = await ask();
    if (answer.body?.code !== 'outcome_unknown' || performance.now() - start > deadline) return answer;
    await delay(100);
  }
}
