import fc from 'fast-check';
import { pauseAfter, requestedPause } from '../../domain/webhook/retry.ts';

describe('Retry-After', () => {
  const now = Date.parse('2026-11-23T10:00:00Z');

  test.each<[number, string | undefined, number | undefined]>([
    [429, '30', 30_000],
    [503, ' 0 ', 0],
    [503, 'Mon, 23 Nov 2026 10:01:00 GMT', 60_000],
    [503, 'Mon, 23 Nov 2026 09:00:00 GMT', 0],
    [503, 'soon', undefined],
    [503, 'Mon, never GMT', undefined],
    [503, '-5', undefined],
    [503, undefined, undefined],
    [500, '30', undefined],
  ])('a %s with Retry-After %p requests a pause of %p ms', (status, retryAfter, pause) => {
    expect(requestedPause(status, retryAfter, now)).toBe(pause);
  });

  test('extends the pause by up to a fifth, within the first and the longest pause', () => {
    const plan = { first: 5_000, longest: 60_000, limit: 0 };
    const pauses = [0, 1].flatMap((random) =>
      [0, 30_000, 1e12].map((requested) => pauseAfter(7, plan, random, requested)),
    );
    expect(pauses).toEqual([5_000, 30_000, 60_000, 6_000, 36_000, 72_000]);
  });
});

test('triples the pause after each failure, up to the longest, with a jitter of a fifth', () => {
  const plan = { first: 5_000, longest: 3 * 60 * 60 * 1_000, limit: 0 };
  const pauses = Array.from({ length: 9 }, (_, index) => pauseAfter(index + 1, plan, 0.5) / 1_000);
  expect(pauses).toEqual([5, 15, 45, 135, 405, 1215, 3645, 10_800, 10_800]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
      const middle = pauseAfter(failures, plan, 0.5);
      const pause = pauseAfter(failures, plan, random);
      expect(pause).toBeGreaterThanOrEqual(Math.floor(middle * 0.8));
      expect(pause).toBeLessThanOrEqual(Math.ceil(middle * 1.2));
    }),
  );
});
