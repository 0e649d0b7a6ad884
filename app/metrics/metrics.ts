import { clocks } from './clocks.ts';
import { fans } from './fans.ts';
import { health } from './health.ts';
import { link } from './link.ts';
import { load } from './load.ts';
import { memory } from './memory.ts';
import { mode } from './mode.ts';
import { power } from './power.ts';
import type { MetricRow } from './row.ts';
import { thermal } from './thermal.ts';

export { cadences, type Cadence, type MetricRow } from './row.ts';

/**
 * The metric catalogue. Decoders, history, chart labels, CSV headers and docs/metrics.md derive from it. To add a metric,
 * add a row to one of the files in metrics/ and a case to the decoders that can read it.
 *
 * `nvml`, `xml` and `csv` list names, newest first: drivers rename things, and the first name present is used. XML paths
 * are relative to <gpu>, and "a + b" is a sum. CSV names are fields of `nvidia-smi --query-gpu`.
 */
export const metrics = [
  ...thermal,
  ...power,
  ...load,
  ...memory,
  ...clocks,
  ...fans,
  ...link,
  ...health,
  ...mode,
] as const satisfies readonly MetricRow[];

/** The catalogue in groups, in the order of the window. */
export const metricGroups = { thermal, power, load, memory, clocks, fans, link, health, mode } as const;

export type MetricKey = (typeof metrics)[number]['key'];
export type Metric = MetricRow & { readonly key: MetricKey };

/** Position of each metric in the catalogue and in a Frame. */
export const metricIndex = Object.fromEntries(metrics.map((metric, index) => [metric.key, index])) as Record<
  MetricKey,
  number
>;

export const metricOf = (key: MetricKey): Metric => metrics[metricIndex[key]]!;

export const isMetricKey = (key: string): key is MetricKey => Object.hasOwn(metricIndex, key);

/** Column name of a metric in SQL: coreTempC → core_temp_c. */
export const columnOf = (key: MetricKey): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** The metrics that charts can draw: levels, not codes or counters. */
export const gauges: readonly Metric[] = metrics.filter((metric) => metric.kind === 'gauge');
