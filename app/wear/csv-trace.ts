import { isMetricKey, metricOf } from '../metrics/metrics.ts';
import { clearFrame, createFrame, setAbsent, setValue } from '../metrics/frame.ts';
import { cellsOf, delimiterOf, splitBracketed, type Delimiter } from '../telemetry/logs/columns.ts';
import type { LogFormat } from '../telemetry/logs/log.ts';
import { parseDate, parseTime } from '../telemetry/logs/stamps.ts';
import { text as words } from '../core/i18n.ts';
import type { AppError } from '../core/result.ts';
import { wearReadings, type WearReading } from './columns.ts';

/** What a column of a CSV trace can be. */
type Meaning = WearReading | 'time' | 'date' | 'gpu' | 'name';

/** Names that programs use for the model's readings, in lower case with single spaces. The first match counts. */
const NAMES: readonly (readonly [pattern: RegExp, meaning: Meaning])[] = [
  [/^(?:date ?time|time ?stamp|time|ts|t|elapsed(?: time)?|epoch|unix(?: time)?|seconds)$/, 'time'],
  [/^date$/, 'date'],
  [/^(?:gpu|card|device|uuid|gpu (?:index|id|uuid))$/, 'gpu'],
  [/^(?:gpu|card|device) name$/, 'name'],
  [/^(?:(?:gpu|core|die|gpu core) )?temp(?:erature)?(?: (?:gpu|core))?$|^t (?:gpu|core|die)$/, 'coreTempC'],
  [/^(?:mem|memory|vram|hbm) temp(?:erature)?$|^(?:temp(?:erature)?|t) (?:mem|memory|vram|hbm)$/, 'memTempC'],
  [/^(?:(?:gpu|board|card|total|average) )*power(?: (?:draw|usage|consumption))?$|^p$|^watts?$/, 'powerW'],
  [/^(?:gpu )?fan(?: speed)?$/, 'fanPct'],
  [/^(?:total )?energy(?: (?:counter|consumption))?$/, 'energyMj'],
  [/^(?:default power limit|power(?: limit)? default(?: limit)?)$/, 'powerDefaultLimitW'],
];

type Convert = (value: number) => number;
const same: Convert = (value) => value;
const times =
  (factor: number): Convert =>
  (value) =>
    value * factor;

/** Units of a time, in ms. */
const TIME: readonly (readonly [RegExp, number])[] = [
  [/^(?:ms|msecs?|milliseconds?)$/i, 1],
  [/^(?:s|secs?|seconds?)$/i, 1000],
  [/^(?:m|mins?|minutes?)$/i, 60_000],
  [/^(?:h|hrs?|hours?)$/i, 3_600_000],
  [/^(?:us|µs|microseconds?)$/i, 1e-3],
  [/^(?:ns|nanoseconds?)$/i, 1e-6],
];

/** Units of readings, by the unit that the catalogue has. A degree sign may have been lost with its encoding. */
const UNITS: Readonly<Record<string, readonly (readonly [RegExp, Convert])[]>> = {
  '°C': [
    [/^(?:.{0,2}C|deg ?C|celsius)$/iu, same],
    [/^(?:.{0,2}F|deg ?F|fahrenheit)$/iu, (value) => (value - 32) / 1.8],
    [/^(?:K|kelvin)$/i, (value) => value - 273.15],
  ],
  W: [
    [/^(?:W|watts?)$/i, same],
    [/^mW$/i, times(1e-3)],
    [/^kW$/i, times(1e3)],
  ],
  '%': [[/^(?:%|pct|percent)$/i, same]],
  mJ: [
    [/^mJ$/i, same],
    [/^J$/i, times(1e3)],
    [/^kJ$/i, times(1e6)],
    [/^Wh$/i, times(3.6e6)],
    [/^kWh$/i, times(3.6e9)],
  ],
  µs: [[/^(?:us|µs)$/i, same]],
};

/** Converts a number in `unit` to the catalogue's unit, which is also assumed where none is given. */
function conversion(unit: string, key: WearReading): Convert | undefined {
  if (unit === '') return same;
  return UNITS[metricOf(key).unit]?.find(([pattern]) => pattern.test(unit))?.[1];
}

type Column = { readonly meaning: Meaning; readonly convert: Convert | undefined };

const TRAILING_UNIT = /^(.+)[ _](ms|s|sec|min|h|us|ns|c|f|k|w|mw|kw|pct|percent|mj|j|wh|kwh)$/i;

/** Reads a heading such as "Core Temp (°F)", "power_mw" or "tsMs". Undefined: nothing that the model reads. */
function columnOf(heading: string): Column | undefined {
  const { name: plain, inner: bracketed } = splitBracketed(heading, ['[]', '()']);
  if (isMetricKey(plain) && (wearReadings as readonly string[]).includes(plain)) {
    const key = plain as WearReading;
    return { meaning: key, convert: conversion(bracketed ?? '', key) };
  }
  const spaced = plain.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll(/[^\p{L}\d%]+/gu, ' ');
  const [, name = spaced, trailing] = bracketed === undefined ? (TRAILING_UNIT.exec(spaced.trim()) ?? []) : [];
  const unit = (bracketed ?? trailing ?? '').trim();
  const meaning = NAMES.find(([pattern]) => pattern.test(name.trim().toLowerCase()))?.[1];
  if (meaning === undefined) return undefined;
  if (meaning === 'date' || meaning === 'gpu' || meaning === 'name') return { meaning, convert: same };
  if (meaning !== 'time') return { meaning, convert: conversion(unit, meaning) };
  const scale = name.trim().toLowerCase() === 'seconds' ? 1000 : TIME.find(([pattern]) => pattern.test(unit))?.[1];
  return { meaning, convert: scale === undefined ? undefined : times(scale) };
}

/** ms of a number without a unit. Its size decides: seconds, ms, µs or ns since 1970 or since the start. */
function sized(value: number): number {
  const size = Math.abs(value);
  return size < 1e11 ? value * 1000 : size < 1e14 ? value : size < 1e17 ? value / 1e3 : value / 1e6;
}

const DAY_MS = 86_400_000;

/** ms of a cell since 1970 or since the start; since midnight where it is only a time of day. */
function stampOf(cell: string, convert: Convert | undefined): number {
  const value = cell === '' ? Number.NaN : Number(cell);
  if (!Number.isNaN(value)) return convert ? convert(value) : sized(value);
  if (/^[-+]?\d+,\d+$/.test(cell)) return stampOf(cell.replace(',', '.'), convert);
  const [begin, day] = /^(\d{1,2}\.\d{1,2}\.\d{4})[ T,]+/.exec(cell) ?? [];
  if (begin === undefined || day === undefined) return parseTime(cell) ?? Date.parse(cell);
  // with full stops the day comes first; Date.parse would read the month first
  return (parseDate(day, 'dmy') ?? Number.NaN) + (parseTime(cell.slice(begin.length)) ?? Number.NaN);
}

const NUMBER = /^[-+]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:e[-+]?\d+)?/i;

/** The number of a cell, which may include its unit ("65 C"). NaN where there is none. */
function valueOf(cell: string, key: WearReading, convert: Convert): number {
  if (cell === '') return Number.NaN;
  const plain = Number(cell);
  if (!Number.isNaN(plain)) return convert(plain);
  const number = NUMBER.exec(cell)?.[0];
  const unit = cell.slice(number?.length ?? 0).trim();
  const by = unit === '' ? convert : conversion(unit, key);
  return number === undefined || !by ? Number.NaN : by(Number(number.replace(',', '.')));
}

/** The cells of a line, including an empty last one. */
function split(line: string, delimiter: Delimiter): string[] {
  if (!line.includes('"')) return line.split(delimiter);
  const cells = cellsOf(line, delimiter);
  if (line.trimEnd().endsWith(delimiter)) cells.push('');
  return cells;
}

const firstLine = (head: string): string => /^\uFEFF?([^\r\n]*)/.exec(head)?.[1] ?? '';
const columnsOf = (header: string): (Column | undefined)[] => split(header, delimiterOf(header)).map(columnOf);
const has = (columns: readonly (Column | undefined)[], ...meanings: readonly Meaning[]): boolean =>
  columns.some((column) => column && meanings.includes(column.meaning));

/** The error for a file that is not a trace. */
export const noTrace = (): AppError => ({
  code: 'recording-unreadable',
  message: words('wear.trace.noColumns'),
  next: words('wear.trace.noColumnsNext'),
});
const noUnit = (): AppError => ({
  code: 'recording-unreadable',
  message: words('wear.trace.noUnit'),
  next: words('wear.trace.noUnitNext'),
});

/**
 * A CSV from any program. Its first line names a time and a core temperature, in any order and in any unit that the
 * heading or the cells name. A column `gpu` distinguishes the rows of several cards. Each row overwrites the same frame.
 */
export const csvTrace: LogFormat = {
  kind: 'plain',
  recognises(head) {
    const columns = columnsOf(firstLine(head));
    return has(columns, 'time', 'date') && has(columns, 'coreTempC');
  },
  open({ sink }) {
    const frame = createFrame();
    let delimiter: Delimiter = ',';
    let width = 0;
    const at: Partial<Record<Meaning, number>> = {};
    let taken: {
      readonly at: number;
      readonly key: WearReading;
      readonly convert: Convert;
      readonly range: readonly [number, number];
    }[] = [];
    let timeOf: Convert | undefined;
    let dayMs = 0;
    let lastMs = -Infinity;

    function begin(line: string): void {
      const header = firstLine(line);
      delimiter = delimiterOf(header);
      const columns = columnsOf(header);
      const headings = split(header, delimiter);
      width = columns.length;
      columns.forEach((column, i) => {
        const untaken = !column || column.meaning in at || (isReading(column.meaning) && !column.convert);
        if (untaken) sink.notTaken(headings[i]!.trim());
        else at[column.meaning] = i;
      });
      taken = wearReadings.flatMap((key) => {
        const i = at[key];
        return i === undefined ? [] : [{ at: i, key, convert: columns[i]!.convert!, range: metricOf(key).range }];
      });
      if (!has(columns, 'time', 'date') || !has(columns, 'coreTempC')) sink.refuse(noTrace());
      else if (!('coreTempC' in at)) sink.refuse(noUnit());
      timeOf = at.time === undefined ? undefined : columns[at.time]!.convert;
    }

    function stamp(cells: readonly string[]): number {
      const { time, date } = at;
      const clock = time === undefined ? '' : cells[time]!.trim();
      if (date !== undefined) return stampOf(`${cells[date]!.trim()} ${clock}`.trim(), undefined);
      const ms = stampOf(clock, timeOf);
      if (parseTime(clock) === undefined) return ms;
      if (ms + dayMs < lastMs - DAY_MS / 2) dayMs += DAY_MS; // past midnight
      return (lastMs = ms + dayMs);
    }

    return {
      line(text, number) {
        if (text.trim() === '') return;
        if (width === 0) return begin(text);
        const cells = split(text, delimiter);
        if (cells.length !== width) {
          return sink.bad(number, words('wear.trace.cellCount', { cells: cells.length, columns: width }));
        }
        const tsMs = stamp(cells);
        if (!(Math.abs(tsMs) <= 8.64e15)) return sink.bad(number, words('wear.trace.badTime'));
        clearFrame(frame);
        for (const { at: column, key, convert, range } of taken) {
          const value = valueOf(cells[column]!.trim(), key, convert);
          const [low, high] = range;
          if (value >= low && value <= high) setValue(frame, key, value);
          else setAbsent(frame, key, Number.isNaN(value) ? 'failed' : 'implausible');
        }
        const key = at.gpu === undefined ? '' : cells[at.gpu]!.trim();
        const name = at.name === undefined ? '' : cells[at.name]!.trim();
        sink.sample(number, { key, ...(name === '' ? {} : { name }) }, tsMs, frame);
      },
      end: () => undefined,
    };
  },
};

const isReading = (meaning: Meaning): meaning is WearReading => (wearReadings as readonly string[]).includes(meaning);
