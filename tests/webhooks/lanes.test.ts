import fc from 'fast-check';
import { askedPause, pauseAfter } from '../../domain/webhook/retry.ts';
import { createLanes } from '../../webhooks/concurrency-limit.ts';

describe('When many want to send to one endpoint', () => {
  test('then so many as may do, the others are told ever later times, and no other endpoint notices', () => {
    const lanes = createLanes({ atOnce: 2, longest: 200 });
    expect([lanes.enter('dead'), lanes.enter('dead')]).toEqual([undefined, undefined]);

    const told = Array.from({ length: 10 }, () => lanes.enter('dead') as number);

    expect(told.toSorted((one, other) => one - other)).toEqual(told);
    expect(told[0]).toBeGreaterThan(0);
    expect(told.at(-1)).toBe(200);
    expect(lanes.enter('alive')).toBeUndefined();
    lanes.leave('dead', 15_000);
    expect(lanes.enter('dead')).toBeUndefined();
  });

  test('then whoever takes long makes the others come back later', () => {
    const waits = [10, 10_000].map((duration) => {
      const lanes = createLanes({ atOnce: 1, longest: 60_000 });
      lanes.enter('one');
      lanes.enter('one');
      lanes.leave('one', duration);
      lanes.enter('one');
      return lanes.enter('one') as number;
    });
    expect(waits[1]).toBeGreaterThan(waits[0] as number);
  });

  test('then an endpoint is forgotten once nobody uses it, and whoever leaves it then changes nothing', () => {
    const lanes = createLanes({ atOnce: 1, longest: 1_000 });
    lanes.enter('one');
    lanes.leave('one', 5);
    lanes.leave('one', 5);
    expect([lanes.enter('one'), typeof lanes.enter('one')]).toEqual([undefined, 'number']);
  });
});

test('When an endpoint usually takes long, then it counts as slow, and that is not forgotten before it is faster', () => {
  const lanes = createLanes({ atOnce: 1, longest: 1_000 });
  const visit = (duration: number) => {
    lanes.enter('one');
    lanes.leave('one', duration);
    return lanes.isSlow('one');
  };
  expect([lanes.isSlow('one'), visit(900), visit(15_000)]).toEqual([false, false, true]);
  const visits = Array.from({ length: 20 }, () => visit(5));
  expect([visits[0], visits.at(-1)]).toEqual([true, false]);
});

describe('When an endpoint says when it wants to hear again', () => {
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
  ])('then a %s with Retry-After %p asks for %p ms', (status, retryAfter, pause) => {
    expect(askedPause(status, retryAfter, now)).toBe(pause);
  });

  test('then it is left alone so long and up to a fifth longer, between the first pause and the longest', () => {
    const plan = { first: 5_000, longest: 60_000, limit: 0 };
    const pauses = [0, 1].flatMap((dice) => [0, 30_000, 1e12].map((asked) => pauseAfter(7, plan, dice, asked)));
    expect(pauses).toEqual([5_000, 30_000, 60_000, 6_000, 36_000, 72_000]);
  });
});

test('When a delivery fails again and again, then each pause is three times the last, up to the longest, give or take a fifth', () => {
  const plan = { first: 5_000, longest: 3 * 60 * 60 * 1_000, limit: 0 };
  const pauses = Array.from({ length: 9 }, (_, index) => pauseAfter(index + 1, plan, 0.5) / 1_000);
  expect(pauses).toEqual([5, 15, 45, 135, 405, 1215, 3645, 10_800, 10_800]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, dice) => {
      const middle = pauseAfter(failures, plan, 0.5);
      const pause = pauseAfter(failures, plan, dice);
      expect(pause).toBeGreaterThanOrEqual(Math.floor(middle * 0.8));
      expect(pause).toBeLessThanOrEqual(Math.ceil(middle * 1.2));
    }),
  );
});
