import { metricIndex, metricOf, metrics, type Metric, type MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf, valueOf, type Frame } from '../../app/metrics/frame.ts';
import { printed } from '../replay/printed.ts';

/** A whole cell: the name beside it, and the units that it may have if it is a number. */
export type Cell = {
  readonly name: string;
  readonly plainName: string;
  readonly text: string;
  readonly units: readonly string[];
};

/** The cells of a document, in one of the three forms. */
export type Cells = {
  readonly form: 'xml' | 'text' | 'csv';
  readonly cells: readonly Cell[];
  readonly document: string;
};

const number = /^(-?[0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%µ/()]*)$/;

const factors: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  '°C': { C: 1 },
  K: { C: 1 },
  W: { W: 1, mW: 1 / 1000 },
  '%': { '%': 1 },
  B: { B: 1, bytes: 1, KiB: 1024, MiB: 1048576, GiB: 1073741824 },
  'B/s': { 'KB/s': 1000, 'MB/s': 1000000 },
  MHz: { MHz: 1, GHz: 1000 },
  µs: { ns: 1 / 1000, us: 1, ms: 1000 },
  '': { '': 1, x: 1, 'bank(s)': 1 },
};

/** A name by its letters and digits: what stands between them is no part of it. */
const plain = (name: string): string =>
  name
    .replace(/[^A-Za-z0-9]+/g, ' ')
    .trim()
    .toLowerCase();

function cellOf(name: string, text: string, implied: readonly string[] = []): Cell {
  const match = number.exec(text.trim());
  const units = match ? (match[2] === '' ? ['', ...implied] : [match[2]!]) : [];
  return { name: name.trim(), plainName: plain(name), text: text.trim(), units };
}

/** What stands right after a start tag, without comments, and with CDATA as the text that it is. */
export function cellsOfXml(document: string): Cells {
  const bare = document.replace(/<!--[^]*?-->/g, '').replace(/<!\[CDATA\[([^]*?)\]\]>/g, '$1');
  const cells = [...bare.matchAll(/<(\w+)(?:\s[^>]*)?>([^<]*)/g)].map(([, tag, text]) => cellOf(tag!, text!));
  return { form: 'xml', cells, document };
}

/** What follows a colon, to the end of its line. */
export function cellsOfText(document: string): Cells {
  const cells = document
    .split('\n')
    .flatMap((line) =>
      [...line.matchAll(/:/g)].map(({ index }) => cellOf(line.slice(0, index), line.slice(index + 1))),
    );
  return { form: 'text', cells, document };
}

/** Everything between commas, without quotes; a bare number may have the unit of its column, and degrees have none at all. */
export function cellsOfCsv(document: string): Cells {
  const [header = '', ...rows] = document.replaceAll('"', '').split(/\r?\n/);
  const columns = header.split(',').map((field) => field.trim().split(' ['));
  const cells = rows.flatMap((row) =>
    row.split(',').map((text, i) => {
      const [name = '', unit = 'C]'] = columns[i] ?? [];
      return cellOf(name, text, [unit.slice(0, -1)]);
    }),
  );
  return { form: 'csv', cells, document };
}

const stored = (value: number, { scale }: Metric): number => Math.round(value * scale) / scale;

/** All values that cells could mean, in the metric's own unit. */
function valuesIn(cells: readonly Cell[], metric: Metric): number[] {
  const known = factors[metric.unit] ?? {};
  return cells.flatMap(({ text, units }) =>
    units.flatMap((unit) => (Object.hasOwn(known, unit) ? [Number(number.exec(text)![1]) * known[unit]!] : [])),
  );
}

/** The last parts of a metric's names in each form, made plain. */
const lastNames = new Map(
  metrics.flatMap(({ key }) =>
    (['xml', 'text', 'csv'] as const).map((form) => {
      const names = (printed[key][form] ?? []).flatMap((path) => path.split(' + '));
      const last = names.map((name) => plain(form === 'csv' ? name : name.split(/\/| > /).at(-1)!));
      return [`${form} ${key}`, new Set(last)] as const;
    }),
  ),
);

/** The cells beside a name of the metric. */
function cellsFor(key: MetricKey, { form, cells }: Cells): readonly Cell[] {
  const names = lastNames.get(`${form} ${key}`)!;
  return cells.filter(({ plainName }) => names.has(plainName));
}

/** Limits of newer cards: temperature + margin − an offset that stands there. */
const isDerivedLimit = (value: number, frame: Frame, cells: readonly Cell[]): boolean =>
  valuesIn(cells, metricOf('tempMarginK')).some(
    (offset) =>
      stored(valueOf(frame, 'coreTempC')! + valueOf(frame, 'tempMarginK')! - offset, metricOf('tempMaxC')) === value,
  );

/** Counters that are printed apart: two or three of those that stand there. */
function isSum(value: number, counts: readonly number[]): boolean {
  const pairs = new Set(counts.flatMap((a) => counts.map((b) => a + b)));
  return pairs.has(value) || counts.some((count) => pairs.has(value - count));
}

function isMask(value: number, { cells }: Cells): boolean {
  const masks = cells.filter(({ name, text }) => name.endsWith('reasons.active') && /^0x[0-9a-f]+$/i.test(text));
  if (masks.some(({ text }) => (BigInt(text) & 0xffffffffn) === BigInt(value))) return true;
  const told = (word: string) =>
    cells.some(({ name, text }) => /reason_|Idle|Set|Cap|Slow|Sync/.test(name) && text === word);
  return told('Active') || (value === 0 && told('Not Active'));
}

/** Why a reading cannot have come from these cells; undefined when it can. */
function whyInvented(key: MetricKey, frame: Frame, all: Cells): string | undefined {
  const reading = readingOf(frame, key);
  const metric = metricOf(key);
  if (reading.state === 'unread') return 'no state';
  if (reading.state !== 'value') return frame.values[metricIndex[key]] === 0 ? undefined : 'a number without a value';
  const { value, derived } = reading;
  if (!(value >= metric.range[0] && value <= metric.range[1])) return 'out of range';
  if (derived && metric.unit === '°C') return isDerivedLimit(value, frame, all.cells) ? undefined : 'not derived';
  if (key === 'throttleReasons') return isMask(value, all) ? undefined : 'no such reasons';
  if (key === 'migInstances') {
    return value <= all.document.split(/<mig_device>|MIG Device/).length - 1 ? undefined : 'too many';
  }
  const cells = cellsFor(key, all);
  const values = valuesIn(cells, metric);
  const texts = cells.map(({ text }) => text);
  const stands =
    key === 'pstate'
      ? texts.includes(`P${value}`) || texts.includes(`P0${value}`)
      : metric.words
        ? texts.some((text) => Object.hasOwn(metric.words!, text) && metric.words![text] === value)
        : derived
          ? isSum(value, [...new Set(values)])
          : values.some((candidate) => stored(candidate, metric) === value);
  return stands ? undefined : 'is not next to its name';
}

/** Readings that cannot have come from a document: "coreTempC 67: is not next to its name". */
export const inventions = (frame: Frame, cells: Cells): readonly string[] =>
  metrics.flatMap(({ key }) => {
    const why = whyInvented(key, frame, cells);
    return why === undefined ? [] : [`${key} ${valueOf(frame, key)}: ${why}`];
  });

/** Whether an amount of memory stands in a document. */
export const standsAsBytes = (bytes: number, { cells }: Cells): boolean =>
  valuesIn(cells, metricOf('vramUsedBytes')).includes(bytes);
