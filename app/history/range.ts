import { metricOf, type MetricKey } from '../metrics.ts';
import type { Gap } from '../telemetry/sampler.ts';
import type { Db } from './database.node.ts';
import { minuteOf, MINUTE_MS } from './rollups.ts';
import { aggregates } from './samples.ts';

export type RangeQuery = {
  readonly gpuUuid: string;
  readonly metrics: readonly MetricKey[];
  readonly fromMs: number;
  readonly toMs: number;
  /** at most this many buckets come back: the width of the chart in pixels */
  readonly buckets: number;
};

/** Equal slices of time. NaN where nothing was observed: never 0, never the last value again. */
export type Series = { readonly min: Float64Array; readonly mean: Float64Array; readonly max: Float64Array };

export type Range = {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly series: Readonly<Partial<Record<MetricKey, Series>>>;
  /** samples behind each bucket, over all metrics asked for: 0 = unobserved */
  readonly counts: Float64Array;
  readonly gaps: readonly Gap[];
  readonly resolution: 'raw' | 'minute';
};

type Bucket = { n: number; min: number; max: number; sum: number };

/** Slices no shorter than this: zoomed in further, a slice is one sample. */
const MIN_STEP_MS = 100;

/**
 * Answers a range with `buckets` slices. Slices of a minute or more come from the minute roll-ups (and the samples of
 * the minutes not rolled up yet), shorter ones from the samples. Minima and maxima are those of the samples either way.
 */
export function queryRange(db: Db, gpuId: number, query: RangeQuery): Range {
  const { fromMs, toMs, buckets } = query;
  const wanted = query.metrics.map(metricOf);
  const fine = (toMs - fromMs) / buckets;
  const resolution = fine >= MINUTE_MS ? 'minute' : 'raw';
  // roll-ups cannot be split: with them a slice is a whole number of minutes, and slices start on a minute
  const stepMs = resolution === 'minute' ? Math.ceil(fine / MINUTE_MS) * MINUTE_MS : Math.max(fine, MIN_STEP_MS);
  const startMs = resolution === 'minute' ? minuteOf(fromMs) : fromMs;
  const count = Math.min(buckets, Math.ceil((toMs - startMs) / stepMs));

  const slots = wanted.map(() =>
    Array.from({ length: count }, (): Bucket => ({ n: 0, min: Infinity, max: -Infinity, sum: 0 })),
  );
  const add = (metric: number, tsMs: number, n: number, min: number, max: number, sum: number): void => {
    const slot = slots[metric]![Math.min(count - 1, Math.floor((tsMs - startMs) / stepMs))];
    if (!slot || n === 0) return;
    slot.n += n;
    slot.min = Math.min(slot.min, min);
    slot.max = Math.max(slot.max, max);
    slot.sum += sum;
  };

  let rawFromMs = startMs;
  if (resolution === 'minute') {
    const rows = db.prepare(
      'SELECT minute_ms, n, min, max, sum FROM rollup_minute WHERE gpu_id = ? AND metric_id = ? AND minute_ms >= ? AND minute_ms < ?',
    );
    const last = db.prepare('SELECT max(minute_ms) AS last FROM rollup_minute WHERE gpu_id = ?').get(gpuId) as {
      last: number | null;
    };
    wanted.forEach(({ id }, i) => {
      for (const row of rows.all(gpuId, id, startMs, toMs) as (Bucket & { minute_ms: number })[]) {
        add(i, row.minute_ms, row.n, row.min, row.max, row.sum);
      }
    });
    if (last.last !== null) rawFromMs = Math.max(startMs, last.last + MINUTE_MS);
  }
  const sliceMs = resolution === 'minute' ? MINUTE_MS : stepMs;
  const rows = db
    .prepare(
      `SELECT CAST((ts_ms - @from) / @slice AS INTEGER) AS slice, ${aggregates(wanted)}
       FROM sample WHERE gpu_id = @gpuId AND ts_ms >= @from AND ts_ms < @to GROUP BY slice`,
    )
    .all({ gpuId, from: rawFromMs, to: toMs, slice: sliceMs }) as Record<string, number>[];
  for (const row of rows) {
    const tsMs = rawFromMs + row['slice']! * sliceMs;
    wanted.forEach((_, i) => add(i, tsMs, row[`n${i}`]!, row[`min${i}`]!, row[`max${i}`]!, row[`sum${i}`]!));
  }

  const pick = (metric: number, of: (slot: Bucket) => number) =>
    Float64Array.from(slots[metric]!, (slot) => (slot.n === 0 ? Number.NaN : of(slot)));
  return {
    fromMs: startMs,
    stepMs,
    resolution,
    series: Object.fromEntries(
      wanted.map(({ key }, i) => [
        key,
        {
          min: pick(i, (slot) => slot.min),
          mean: pick(i, (slot) => slot.sum / slot.n),
          max: pick(i, (slot) => slot.max),
        },
      ]),
    ),
    counts: Float64Array.from({ length: count }, (_, bucket) => slots.reduce((sum, slot) => sum + slot[bucket]!.n, 0)),
    gaps: queryGaps(db, fromMs, toMs),
  };
}

export const queryGaps = (db: Db, fromMs: number, toMs: number): Gap[] =>
  db
    .prepare(
      'SELECT from_ms AS fromMs, to_ms AS toMs, reason FROM gap WHERE to_ms > ? AND from_ms < ? ORDER BY from_ms',
    )
    .all(fromMs, toMs) as Gap[];
