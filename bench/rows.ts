import type { Row } from './figure.ts';
import type { Pairs, RatePairs } from './measure/pairs.ts';
import { median, quantile } from './measure/statistics.ts';

/** The limit that a median must keep to meet the target. */
export type Target = ({ most: number } | { least: number }) & {
  /** Why the target is missed, if it is: one sentence. */
  why?: string;
};

/** Returns the row of a ratio of times. A lower ratio is better. */
export function timeRow(title: string, baseline: string, pairs: Pairs, target?: Target): Row {
  return {
    ...ratioRow(title, baseline, pairs, target),
    baselineResult: latencies(pairs.baseline),
    cremaResult: latencies(pairs.crema),
  };
}

/** {@link RatePairs}, with or without the times of single operations. */
type Rates = Pick<RatePairs, 'rates' | 'ratios'> & Partial<Pairs>;

/** Returns the row of a ratio of rates. A higher ratio is better. */
export function rateRow(title: string, baseline: string, pairs: Rates, target?: Target): Row {
  const { rates } = pairs;
  const result = (rate: number[], times?: number[]) => `${perSecond(rate)}${times ? `; ${latencies(times)}` : ''}`;
  return {
    ...ratioRow(title, baseline, pairs, target),
    baselineResult: result(rates.baseline, pairs.baseline),
    cremaResult: result(rates.crema, pairs.crema),
  };
}

/** Returns the row of a value of Crema, measured a few times. */
export function valueRow(title: string, values: number[], unit: string, target?: Target): Row {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return {
    title,
    measured: `${number(median(values))} ${unit}`,
    ...(values.length > 1 && { spread: `${number(least)}–${number(most)}` }),
    ...verdict(median(values), target, unit),
  };
}

export const ratioText = (ratios: number[]): string => median(ratios).toFixed(2);

/** Returns the 10th and the 90th percentile: `0.95–1.20`. */
export const spreadText = (ratios: number[]): string =>
  `${quantile(ratios, 0.1).toFixed(2)}–${quantile(ratios, 0.9).toFixed(2)}`;

/** Returns p50, p99 and the slowest time: `4.1 / 9.8 / 23.0 ms`. */
export const latencies = (times: number[]): string =>
  `${[0.5, 0.99, 1].map((share) => milliseconds(quantile(times, share))).join(' / ')} ms`;

/** Formats a number with thousands separators, and with one decimal if it is below 10. */
export const number = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: Math.abs(value) < 10 ? 1 : 0 });

function ratioRow(title: string, baseline: string, { ratios }: Pick<Pairs, 'ratios'>, target?: Target): Row {
  return {
    title,
    baseline,
    measured: `${ratioText(ratios)} ×`,
    spread: spreadText(ratios),
    ...verdict(median(ratios), target, '×'),
  };
}

function verdict(value: number, target: Target | undefined, unit: string): Pick<Row, 'target' | 'met' | 'why'> {
  if (!target) return {};
  const met = 'most' in target ? value <= target.most : value >= target.least;
  return {
    target: 'most' in target ? `≤ ${target.most} ${unit}` : `≥ ${target.least} ${unit}`,
    met,
    ...(!met && target.why && { why: target.why }),
  };
}

const perSecond = (rates: number[]): string => `${number(median(rates))} /s`;

const milliseconds = (time: number): string => (time < 100 ? time.toFixed(time < 1 ? 2 : 1) : time.toFixed(0));
