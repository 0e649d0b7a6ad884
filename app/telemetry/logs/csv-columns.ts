import { isMetricKey, metricOf, metrics, type Metric, type MetricKey } from '../../metrics/metrics.ts';
import { conversion, splitBracketed, type Convert } from './columns.ts';
import { unitOfTime } from './moments.ts';

/** What says which card a row is about, and when. */
export type CsvPlace = 'time' | 'date' | 'uuid' | 'pciBusId' | 'index' | 'name';

/** A column with readings. */
export type CsvReading = {
  readonly at: number;
  readonly metric: Metric;
  /** position among the names of the metric that nvidia-smi knows; undefined: the name is another program's */
  readonly via: number | undefined;
  /** as the heading names it; undefined: it names none */
  readonly unit: string | undefined;
};

export type CsvColumns = {
  readonly width: number;
  readonly places: Partial<Record<CsvPlace, number>>;
  readonly readings: readonly CsvReading[];
  /** converts a number in the time column to ms; undefined: its size decides */
  readonly timeUnit: Convert | undefined;
  /** headings of all other columns */
  readonly unknown: readonly string[];
  /** headings of readings whose unit is none of the metric's */
  readonly wrongUnit: readonly string[];
};

/** Fields of nvidia-smi --query-gpu that are not readings. */
const FIELDS: Readonly<Record<string, CsvPlace>> = {
  timestamp: 'time',
  uuid: 'uuid',
  gpu_uuid: 'uuid',
  name: 'name',
  gpu_name: 'name',
  'pci.bus_id': 'pciBusId',
  gpu_bus_id: 'pciBusId',
  index: 'index',
};

/** Names that other programs use, in lower case with single spaces. The first match counts. */
const NAMES: readonly (readonly [pattern: RegExp, meaning: CsvPlace | MetricKey])[] = [
  [/^(?:date ?time|time ?stamp|time|ts|t|elapsed(?: time)?|epoch|unix(?: time)?|seconds)$/, 'time'],
  [/^date$/, 'date'],
  [/^(?:uuid|gpu uuid)$/, 'uuid'],
  [/^(?:gpu|card|device|gpu (?:index|id))$/, 'index'],
  [/^(?:gpu|card|device) name$/, 'name'],
  [/^(?:(?:gpu|core|die|gpu core) )?temp(?:erature)?(?: (?:gpu|core))?$|^t (?:gpu|core|die)$/, 'coreTempC'],
  [/^(?:mem|memory|vram|hbm) temp(?:erature)?$|^(?:temp(?:erature)?|t) (?:mem|memory|vram|hbm)$/, 'memTempC'],
  [/^(?:(?:gpu|board|card|total|average) )*power(?: (?:draw|usage|consumption))?$|^p$|^watts?$/, 'powerW'],
  [/^(?:gpu )?fan(?: speed)?$/, 'fanPct'],
  [/^(?:total )?energy(?: (?:counter|consumption))?$/, 'energyMj'],
  [/^(?:default power limit|power(?: limit)? default(?: limit)?)$/, 'powerDefaultLimitW'],
];

const TRAILING_UNIT = /^(.+)[ _](ms|s|sec|min|h|us|ns|c|f|k|w|mw|kw|pct|percent|mj|j|wh|kwh)$/i;

type Named = { readonly meaning: CsvPlace | MetricKey; readonly unit: string; readonly name: string };

/** "power.draw [W]": the readings of a field of nvidia-smi. One field may be two metrics. */
function readingsOf(heading: string, at: number): readonly CsvReading[] {
  const [, name = '', unit] = /^([\w.]+)(?: \[([^\]]*)\])?$/.exec(heading) ?? [];
  return (metrics as readonly Metric[]).flatMap((metric) => {
    const via = metric.csv.indexOf(name);
    return via < 0 ? [] : [{ at, metric, via, unit }];
  });
}

/** "Core Temp (°F)", "power_mw", "tsMs": a name of any other program, or of the catalogue. */
function nameOf(heading: string): Named | undefined {
  const { name: plain, inner: bracketed } = splitBracketed(heading, ['[]', '()']);
  if (isMetricKey(plain)) return { meaning: plain, unit: bracketed?.trim() ?? '', name: plain };
  const spaced = plain.replaceAll(/([a-z])([A-Z])/g, '$1 $2').replaceAll(/[^\p{L}\d%]+/gu, ' ');
  const [, name = spaced, trailing] = bracketed === undefined ? (TRAILING_UNIT.exec(spaced.trim()) ?? []) : [];
  const lower = name.trim().toLowerCase();
  const meaning = NAMES.find(([pattern]) => pattern.test(lower))?.[1];
  return meaning && { meaning, unit: (bracketed ?? trailing ?? '').trim(), name: lower };
}

/**
 * What the columns of a CSV are, by its header line: fields of nvidia-smi by their exact names, else names that other
 * programs use. A metric may have several columns, under its old and its new name.
 */
export function csvColumns(headings: readonly string[]): CsvColumns {
  const places: Partial<Record<CsvPlace, number>> = {};
  const readings: CsvReading[] = [];
  const unknown: string[] = [];
  const wrongUnit: string[] = [];
  let timeUnit: Convert | undefined;
  const isSmi = headings.some((heading, at) => readingsOf(heading, at).length > 0);
  headings.forEach((heading, at) => {
    const fields = readingsOf(heading, at);
    if (fields.length > 0) return void readings.push(...fields);
    const place = Object.hasOwn(FIELDS, heading) ? FIELDS[heading] : undefined;
    const named: Named | undefined = place ? { meaning: place, unit: '', name: place } : nameOf(heading);
    // beside fields of nvidia-smi, a name with a dot is another field of it, or a damaged one
    if (isSmi && !place && heading.includes('.')) return void unknown.push(heading);
    if (named === undefined) return void (heading === '' || unknown.push(heading));
    const { meaning, unit, name } = named;
    if (!isMetricKey(meaning)) {
      if (meaning in places) return void unknown.push(heading);
      places[meaning] = at;
      if (meaning === 'time') timeUnit = unitOfTime(name === 'seconds' ? 's' : unit);
      return;
    }
    if (readings.some(({ metric }) => metric.key === meaning)) return void unknown.push(heading);
    if (unit !== '' && !conversion(unit, meaning)) {
      unknown.push(heading);
      wrongUnit.push(heading);
      return;
    }
    readings.push({ at, metric: metricOf(meaning), via: undefined, unit: unit === '' ? undefined : unit });
  });
  return { width: headings.length, places, readings: newestFirst(readings), timeUnit, unknown, wrongUnit };
}

/** In the order of the catalogue, and of a metric's columns the one with the newest name first. */
const newestFirst = (readings: readonly CsvReading[]): readonly CsvReading[] =>
  (metrics as readonly Metric[]).flatMap(({ key }) =>
    readings.filter(({ metric }) => metric.key === key).sort((a, b) => (a.via ?? 0) - (b.via ?? 0)),
  );

/** Whether a header is of a CSV with readings of a GPU: it has a field of nvidia-smi, or a time and a core temperature. */
export const isCsvHeader = ({ places, readings, wrongUnit }: CsvColumns): boolean =>
  readings.some(({ via }) => via !== undefined) ||
  ((places.time !== undefined || places.date !== undefined) &&
    (readings.some(({ metric }) => metric.key === 'coreTempC') ||
      wrongUnit.some((it) => nameOf(it)?.meaning === 'coreTempC')));
