/** Response times for one number of orders in the read model, in ms. `low` and `high` are the 10th and the 90th percentile. */
export interface Point {
  orders: number;
  low: number;
  median: number;
  high: number;
}

interface Curve {
  title: string;
  points: Point[];
}

const PANEL = { width: 420, height: 240, left: 52, right: 52, top: 44, bottom: 44 };

// The colours have enough contrast on white and on black.
const style = `
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 14px; font-weight: 600 }
  .grid { stroke: #d0d7de }
  .band { fill: #0969da; opacity: .18 }
  .line { stroke: #0969da; stroke-width: 2; fill: none }
  .dot { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .grid { stroke: #3d444d }
    .band { fill: #58a6ff; opacity: .25 }
    .line { stroke: #58a6ff }
    .dot { fill: #58a6ff }
  }`;

/** Draws times by number of orders as an SVG: one panel for each curve, with medians and their spread. */
export function drawGrowth(curves: Curve[]): string {
  const width = PANEL.width * curves.length;
  const described = curves.map(({ title, points }) => {
    const medians = points.map((point) => `${inWords(point.orders)} orders ${point.median.toFixed(1)} ms`);
    return `${title}: ${medians.join(', ')}.`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${PANEL.height}" width="${width}" height="${PANEL.height}" role="img" aria-labelledby="t d">`,
    '<title id="t">How time grows with the number of orders</title>',
    `<desc id="d">${described.join(' ')}</desc>`,
    `<style>${style}\n</style>`,
    ...curves.map((curve, index) => `<g transform="translate(${index * PANEL.width} 0)">\n${drawCurve(curve)}\n</g>`),
    '</svg>\n',
  ].join('\n');
}

function drawCurve({ title, points }: Curve): string {
  const { width, height, left, right, top, bottom } = PANEL;
  const [first, last] = [points[0] as Point, points.at(-1) as Point];
  const step = niceStep(Math.max(...points.map(({ high }) => high)) / 4);
  const most = 4 * step;
  // The horizontal scale is logarithmic.
  const decades = Math.log10(last.orders / first.orders) || 1;
  const x = (orders: number) => round(left + (Math.log10(orders / first.orders) / decades) * (width - left - right));
  const y = (time: number) => round(height - bottom - (time / most) * (height - top - bottom));
  const path = (of: 'low' | 'median' | 'high', among = points) =>
    among.map((point) => `${x(point.orders)} ${y(point[of])}`).join(' L');
  const ticks = [0, 1, 2, 3, 4].map((count) => round(count * step));
  return [
    `<text class="title" x="${left}" y="18">${title}</text>`,
    `<text x="${left - 8}" y="${top - 10}" text-anchor="end">ms</text>`,
    ...ticks.flatMap((tick) => [
      `<path class="grid" d="M${left} ${y(tick)} H${width - right}"/>`,
      `<text x="${left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ]),
    `<path class="band" d="M${path('low')} L${path('high', points.toReversed())} Z"/>`,
    `<path class="line" d="M${path('median')}"/>`,
    ...points.flatMap(({ orders, median }) => [
      `<circle class="dot" cx="${x(orders)}" cy="${y(median)}" r="3.5"/>`,
      `<text x="${x(orders)}" y="${height - bottom + 18}" text-anchor="middle">${inWords(orders)}</text>`,
    ]),
    `<text x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">orders in the read model</text>`,
  ].join('\n');
}

/** Returns the smallest of …, 1, 2, 5, 10, 20, … that is not below the given number. */
function niceStep(least: number): number {
  const magnitude = 10 ** Math.floor(Math.log10(least));
  return magnitude * ([1, 2, 5, 10].find((factor) => factor * magnitude >= least) ?? 10);
}

function inWords(orders: number): string {
  if (orders < 1_000_000) return `${round(orders / 1_000)} thousand`;
  return `${round(orders / 1_000_000)} million`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
