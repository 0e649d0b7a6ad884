import { text as sentence } from '../../core/i18n.ts';
import { metricOf, type MetricKey } from '../../metrics/metrics.ts';
import { absentFrame, setAbsent, setValue, type Frame } from '../../metrics/frame.ts';

// What all logs with columns share: cells, units, and how a heading maps to the metric catalogue.

/** A column's heading: "GPU Clock [MHz]" is the name "GPU Clock" in MHz. */
export type Heading = { readonly name: string; readonly unit: string };

/** From a column's name to what it means in the catalogue. */
export type ColumnMeaning = readonly [name: RegExp, metric: MetricKey];

/** From a number in one unit to the number in another. */
export type Convert = (value: number) => number;

/** A column that is taken. */
export type Column = {
  readonly at: number;
  readonly key: MetricKey;
  readonly heading: string;
  readonly convert: Convert;
};

const identity: Convert = (value) => value;
const times =
  (factor: number): Convert =>
  (value) =>
    value * factor;

/** Units that programs write, by the unit that the catalogue has. */
const units: readonly (readonly [pattern: RegExp, metric: string, convert: Convert])[] = [
  // the degree sign gets lost when a log is saved in another encoding: C and F are enough
  [/^(?:.{0,2}C|℃|deg ?C|celsius)$/iu, '°C', identity],
  [/^(?:.{0,2}F|℉|deg ?F|fahrenheit)$/iu, '°C', (value) => (value - 32) / 1.8],
  [/^(?:K|kelvin)$/i, '°C', (value) => value - 273.15],
  [/^(?:W|watts?)$/i, 'W', identity],
  [/^mW$/i, 'W', times(1e-3)],
  [/^kW$/i, 'W', times(1e3)],
  [/^MHz$/i, 'MHz', identity],
  [/^GHz$/i, 'MHz', times(1e3)],
  [/^(?:%|pct|percent)$/i, '%', identity],
  // Windows programs write MB for 2^20 bytes
  [/^Mi?B$/i, 'B', times(2 ** 20)],
  [/^Gi?B$/i, 'B', times(2 ** 30)],
  [/^mJ$/i, 'mJ', identity],
  [/^J$/i, 'mJ', times(1e3)],
  [/^kJ$/i, 'mJ', times(1e6)],
  [/^Wh$/i, 'mJ', times(3.6e6)],
  [/^kWh$/i, 'mJ', times(3.6e9)],
  [/^(?:us|µs)$/i, 'µs', identity],
];

/** How a number in `unit` becomes one in the unit of a metric; undefined where it cannot. */
export const conversion = (unit: string, key: MetricKey): Convert | undefined =>
  units.find(([pattern, metric]) => metric === metricOf(key).unit && pattern.test(unit))?.[2];

/** Splits a text that ends in brackets: what is in them, and what is before them. */
export function splitBracketed(text: string, brackets: readonly string[]): { name: string; inner?: string } {
  const name = text.trim();
  if (!brackets.some((pair) => name.endsWith(pair[1]!))) return { name };
  const body = name.slice(0, -1);
  const from = Math.max(...brackets.map((pair) => body.lastIndexOf(pair[1]!))) + 1;
  const opens = brackets.map((pair) => body.indexOf(pair[0]!, from)).filter((at) => at >= 0);
  if (opens.length === 0) return { name };
  const at = Math.min(...opens);
  return { name: body.slice(0, at).trim(), inner: body.slice(at + 1) };
}

export function parseHeading(text: string): Heading {
  const { name, inner = '' } = splitBracketed(text, ['[]']);
  return { name, unit: inner.trim() };
}

/** A date and the time after it; undefined: the text has no second part. */
export function splitStamp(text: string): { readonly date: string; readonly time: string } | undefined {
  const at = text.search(/\s/);
  return at <= 0 ? undefined : { date: text.slice(0, at), time: text.slice(at).trim() };
}

/** The column for a heading; undefined if the catalogue has no such metric. */
export function columnFor(at: number, heading: Heading, meanings: readonly ColumnMeaning[]): Column | undefined {
  const key = meanings.find(([name]) => name.test(heading.name))?.[1];
  const convert = key && conversion(heading.unit, key);
  return key && convert ? { at, key, heading: headingText(heading), convert } : undefined;
}

export const headingText = ({ name, unit }: Heading): string => (unit ? `${name} [${unit}]` : name);

export type Delimiter = ',' | ';' | '\t';

export const delimiterOf = (header: string): Delimiter => {
  const count = (char: string) => header.split(char).length;
  return count(';') > count(',') ? ';' : count('\t') > count(',') ? '\t' : ',';
};

/** The cells of a line: trimmed and without quotes. */
export function splitCells(line: string, delimiter: Delimiter): string[] {
  if (!line.includes('"')) return line.split(delimiter).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '"') {
      if (quoted && line[i + 1] === '"') cell += line[++i]!;
      else quoted = !quoted;
    } else if (char === delimiter && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += char;
  }
  cells.push(cell.trim());
  return cells;
}

/** The cells of a line, without the empty one that a trailing delimiter makes. */
export function cellsOf(line: string, delimiter: Delimiter): string[] {
  const cells = splitCells(line, delimiter);
  if (cells.at(-1) === '') cells.pop();
  return cells;
}

/**
 * The cells of a row under a header of `count` columns. Where decimals have commas and cells are padded with spaces,
 * only the comma after a space divides. Undefined when the row has another number of cells.
 */
export function rowOf(line: string, delimiter: Delimiter, count: number): string[] | undefined {
  const cells = cellsOf(line, delimiter);
  if (cells.length === count) return cells;
  if (delimiter !== ',' || !/\s,/.test(line)) return undefined;
  const padded = line
    .replace(/\s,\s*$/, '')
    .split(/\s,/)
    .map((cell) => cell.trim());
  return padded.length === count ? padded : undefined;
}

/** What programs write for "no value". */
const NONE = /^(?:-|n\/a|)$/i;

/** The readings of a row. A metric without a column is not reported; a cell without a number has failed. */
export function frameOf(cells: readonly string[], columns: readonly Column[], bad: (why: string) => void): Frame {
  const frame = absentFrame('unreported');
  for (const { at, key, heading, convert } of columns) {
    const cell = cells[at] ?? '';
    if (/^[-+]?\d+(?:[.,]\d+)?$/.test(cell)) {
      setValue(frame, key, convert(Number(cell.replace(',', '.'))));
      continue;
    }
    setAbsent(frame, key, 'failed');
    if (!NONE.test(cell)) bad(sentence('telemetry.log.bad.number', { found: cell.slice(0, 40), column: heading }));
  }
  return frame;
}

/** Drops ambiguous columns: several with the same meaning. */
export function unambiguous(columns: readonly Column[], notTaken: (heading: string) => void): readonly Column[] {
  return columns.filter(({ key, heading }) => {
    const single = columns.filter((other) => other.key === key).length === 1;
    if (!single) notTaken(heading);
    return single;
  });
}
