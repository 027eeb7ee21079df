/** One time series with its current value. */
export interface Series {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"`;
const HELP = new RegExp(String.raw`^# HELP ${NAME} \S.*$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
// Accepts `Nan` too, which the library writes, because Prometheus ignores case.
const SAMPLE = new RegExp(
  String.raw`^(${NAME})(?:\{(${LABEL}(?:,${LABEL})*)\})? ([Nn]a[Nn]|[+-]Inf|[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$`,
);
const SUFFIXES: Record<string, string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * Parses Prometheus' text format (0.0.4), as strictly as Prometheus does.
 *
 * @throws if a line is malformed, a family or series is repeated, a sample is outside its family, or buckets are inconsistent
 */
export function readMetrics(text: string): Series[] {
  if (!text.endsWith('\n')) throw new Error('the last line is not terminated');
  const families = new Set<string>();
  const series = new Map<string, Series>();
  let family = { name: '', type: '' };
  for (const line of text.split('\n')) {
    if (line === '' || HELP.test(line)) continue;
    const [, newName, type] = TYPE.exec(line) ?? [];
    if (newName && type) {
      if (families.has(newName)) throw new Error(`the family ${newName} is repeated`);
      families.add(newName);
      family = { name: newName, type };
      continue;
    }
    const [, name, labels = '', value] = SAMPLE.exec(line) ?? [];
    if (!name || !value) throw new Error(`malformed line: ${line}`);
    const own = (SUFFIXES[family.type] ?? ['']).map((suffix) => family.name + suffix);
    if (!own.includes(name)) throw new Error(`${name} is in the family ${family.name}`);
    const read = { name, labels: labelsIn(labels), value: Number(value.replace('Inf', 'Infinity')) };
    const key = seriesKey(read);
    if (series.has(key)) throw new Error(`${key} is repeated`);
    series.set(key, read);
  }
  for (const { name, labels, value } of series.values()) {
    if (labels.le !== '+Inf') continue;
    const { le: _, ...rest } = labels;
    const count = series.get(seriesKey({ name: name.replace(/_bucket$/, '_count'), labels: rest }))?.value;
    if (count !== value) throw new Error(`the buckets of ${name} contain ${value} of ${count}`);
  }
  return [...series.values()];
}

/** Returns the identity of a series: its name and its labels in alphabetical order. */
export const seriesKey = ({ name, labels }: Pick<Series, 'name' | 'labels'>): string =>
  `${name} ${JSON.stringify(Object.entries(labels).toSorted())}`;

/** Returns the sum of all series with this name and at least these labels. */
export function sumOf(series: readonly Series[], name: string, labels: Record<string, string> = {}): number {
  const wanted = Object.entries(labels);
  return series
    .filter((each) => each.name === name && wanted.every(([label, value]) => each.labels[label] === value))
    .reduce((sum, { value }) => sum + value, 0);
}

const labelsIn = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
  );
