import type { Basket } from './basket.ts';
import type { Shop } from './shop.ts';

/** What a figure is measured with. */
export interface Bench {
  shop: Shop;
  basket: Basket;
  /** How many orders the longest list has. */
  orders: number;
  /** How many orders are open at once where memory is looked at. */
  openOrders: number;
  /** So many, or next to none when all that matters is that it works. */
  count(usual: number): number;
  /** So many ms, or next to none. */
  duration(usual: number): number;
  signal: AbortSignal;
  log(line: string): void;
}

/** A line of the report's table, in words. */
export interface Row {
  title: string;
  /** What it is held against. */
  baseline?: string;
  target?: string;
  /** With its unit; `×` stands for Crema's over the baseline's. */
  measured: string;
  /** 10th to 90th percentile, or the extremes of a few. */
  spread?: string;
  reached?: boolean;
  /** How the baseline and Crema did, each by itself. */
  baselineResult?: string;
  cremaResult?: string;
}

/** What came of a figure. */
export interface Result {
  rows: Row[];
  /** More of it, in Markdown, each with its heading. */
  details?: string[];
  /** What only who asks for it wants to see, in Markdown. */
  plans?: string[];
  /** SVG by file name. */
  pictures?: Record<string, string>;
}

export type Figure = (bench: Bench) => Promise<Result>;
