import type { Basket } from './basket.ts';
import type { Shop } from './shop.ts';

/** The shop and the options of a run. */
export interface Bench {
  shop: Shop;
  basket: Basket;
  /** The number of orders in the longest list. */
  orders: number;
  /** The number of open orders when memory is measured. */
  openOrders: number;
  /** Returns the usual count, or 1 in a quick run. */
  count(usual: number): number;
  /** Returns the usual duration in ms, or a tenth of it in a quick run. */
  duration(usual: number): number;
  signal: AbortSignal;
  log(line: string): void;
}

/** A line of the report's table. */
export interface Row {
  title: string;
  baseline?: string;
  target?: string;
  /** With its unit. `×` is Crema divided by the baseline. */
  measured: string;
  /** 10th to 90th percentile, or the extremes of a few values. */
  spread?: string;
  /** Whether the target is met. */
  met?: boolean;
  /** Why the target is missed. */
  why?: string;
  baselineResult?: string;
  cremaResult?: string;
}

/** The result of a figure. */
export interface Result {
  /** One line for the report's section for operators. */
  summary?: string;
  rows: Row[];
  /** More sections, in Markdown. */
  details?: string[];
  /** Query plans, printed on request, in Markdown. */
  plans?: string[];
  /** SVG by file name. */
  pictures?: Record<string, string>;
}

export type Figure = (bench: Bench) => Promise<Result>;
