import { drawGrowth } from '../../bench/draw-growth.ts';
import { load } from '../../bench/measure/load.ts';
import { measurePairs } from '../../bench/measure/pairs.ts';
import { median, quantile } from '../../bench/measure/statistics.ts';
import { takeTurns } from '../../bench/measure/turns.ts';
import { latencies, rateRow, timeRow, valueRow } from '../../bench/rows.ts';

const { signal } = new AbortController();

test('starts each round with another side, and does not count warm-up rounds', async () => {
  const went: string[] = [];
  const side = (name: string) => async () => {
    went.push(name);
    return `${name}${went.length}`;
  };
  const before = async () => void went.push('|');

  const rounds = await takeTurns([side('a'), side('b'), side('c')], { rounds: 2, warmUp: 1, before, signal });

  expect(went.join('')).toBe('|abc|bca|cab');
  expect(rounds).toEqual([
    ['a8', 'b6', 'c7'],
    ['a11', 'b12', 'c10'],
  ]);
});

test('returns a ratio for each pair of turns', async () => {
  const baseline = async () => [1, 3];
  const crema = async () => [2, 4];

  const pairs = await measurePairs({ baseline, crema, pairs: 2, warmUp: 3, signal });

  expect(pairs).toEqual({ baseline: [1, 3, 1, 3], crema: [2, 4, 2, 4], ratios: [1.5, 1.5] });
});

test('takes no further turn after an abort', async () => {
  const stopping = new AbortController();
  const baseline = async () => {
    stopping.abort(new Error('Stopped.'));
    return [1];
  };
  let turns = 0;
  const crema = async () => {
    turns += 1;
    return [1];
  };

  const running = measurePairs({ baseline, crema, pairs: 5, warmUp: 0, signal: stopping.signal });

  await expect(running).rejects.toThrow('Stopped.');
  expect(turns).toBe(1);
});

test('keeps the window open until every client has finished one operation', async () => {
  const clients = new Set<number>();
  const work = async (client: number) => {
    clients.add(client);
    await new Promise((done) => setTimeout(done, 30));
  };

  const { times, rate } = await load({ clients: 4, rampUp: 0, window: 1, work, signal });

  expect([...clients]).toEqual([0, 1, 2, 3]);
  expect(times).toHaveLength(4);
  expect(rate).toBeGreaterThan(0);
});

test('fails the turn if one client fails', async () => {
  const work = async () => {
    throw new Error('refused');
  };

  await expect(load({ clients: 2, rampUp: 0, window: 10, work, signal })).rejects.toThrow('refused');
});

test('interpolates quantiles of few values', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect([quantile([10, 20], 0), quantile([10, 20], 0.9), quantile([10, 20], 1)]).toEqual([10, 19, 20]);
  expect(latencies([0.123, 5, 250])).toBe('5.0 / 245 / 250 ms');
});

test('says in the row whether the median meets its target', () => {
  const times = { baseline: [1], crema: [2], ratios: [1.5, 1.8, 2.4] };
  const rates = { ...times, rates: { baseline: [100], crema: [50] } };

  expect(timeRow('place', 'bare start', times, { most: 1.7 })).toMatchObject({
    measured: '1.80 ×',
    spread: '1.56–2.28',
    target: '≤ 1.7 ×',
    met: false,
  });
  expect(rateRow('read', 'Koa', rates, { least: 1.8 })).toMatchObject({
    met: true,
    cremaResult: '50 /s; 2.0 / 2.0 / 2.0 ms',
  });
  expect(valueRow('history', [70, 72, 80], 'events', { most: 75 })).toEqual({
    title: 'history',
    measured: '72 events',
    spread: '70–80',
    target: '≤ 75 events',
    met: true,
  });
  expect(timeRow('place', 'bare start', times)).not.toHaveProperty('met');
});

test('draws every point within the panel, more orders further right, more time further up', () => {
  const points = [
    { orders: 1_000, low: 2, median: 3, high: 4 },
    { orders: 100_000, low: 2.5, median: 3.5, high: 5 },
    { orders: 1_000_000, low: 3, median: 4, high: 11 },
  ];

  const picture = drawGrowth([{ title: 'GET /v1/orders', points }]);

  const dots = [...picture.matchAll(/cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
  expect(dots.map(({ x }) => x)).toEqual(dots.map(({ x }) => x).sort((one, other) => one - other));
  expect(dots.map(({ y }) => y)).toEqual(dots.map(({ y }) => y).sort((one, other) => other - one));
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(picture) as unknown as [string, string, string];
  for (const { x, y } of dots) expect(x > 0 && x < Number(width) && y > 0 && y < Number(height)).toBe(true);
  for (const label of ['1 thousand', '100 thousand', '1 million', 'prefers-color-scheme: dark']) {
    expect(picture).toContain(label);
  }
  expect(picture).not.toContain('NaN');
});

test('draws a curve with a single point', () => {
  const point = { orders: 1_000, low: 0.2, median: 0.3, high: 0.4 };

  expect(drawGrowth([{ title: 'GET', points: [point] }])).not.toMatch(/NaN|Infinity/);
});
