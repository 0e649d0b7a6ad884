import { metricOf } from '../metrics/metrics.ts';
import type { Gap } from '../telemetry/sampler.ts';
import type { Carries } from './carry.ts';
import type { ChunkTable } from './chunks.ts';
import { HOUR_MS, hourOf, type OpenHour } from './open-hour.ts';
import type { RolledLevels } from './codec/rollup.ts';
import { MINUTE_MS, type RollupParts } from './rollup-parts.ts';
import type { RangeQuery, Series, Range } from './schema.ts';

export type { Range, RangeQuery, Series } from './schema.ts';

/** What slices are made from. Stored nowhere. */
export const resolutions = ['raw', 'minute', 'hour'] as const;
export type Resolution = (typeof resolutions)[number];

/** Slices no shorter than this: zoomed in further, a slice is one sample. */
const MIN_STEP_MS = 100;

/** The coarsest roll-ups that still give at least half of the slices asked for; samples below a minute a slice. */
function resolutionOf(spanMs: number, buckets: number): Resolution {
  if (spanMs / HOUR_MS >= buckets / 2) return 'hour';
  return spanMs / MINUTE_MS >= buckets ? 'minute' : 'raw';
}

const slotOf: Record<Resolution, number> = { raw: 1, minute: MINUTE_MS, hour: HOUR_MS };

/** Slices of one metric while they are filled. */
function createSlices(count: number) {
  const n = new Float64Array(count);
  const sum = new Float64Array(count);
  const min = new Float64Array(count).fill(Infinity);
  const max = new Float64Array(count).fill(-Infinity);
  return {
    n,
    sample: (slice: number, value: number): void => {
      n[slice]!++;
      sum[slice]! += value;
      if (value < min[slice]!) min[slice] = value;
      if (value > max[slice]!) max[slice] = value;
    },
    rolled: (slice: number, count: number, low: number, high: number, total: number): void => {
      n[slice]! += count;
      sum[slice]! += total;
      if (low < min[slice]!) min[slice] = low;
      if (high > max[slice]!) max[slice] = high;
    },
    series(): Series {
      const of = (values: Float64Array) => values.map((value, i) => (n[i] === 0 ? Number.NaN : value));
      return { min: of(min), mean: sum.map((total, i) => total / n[i]!), max: of(max) };
    },
  };
}

export type RangeSources = {
  readonly chunks: ChunkTable;
  readonly open: OpenHour;
  readonly parts: RollupParts;
  readonly carries: Carries;
};

/**
 * Answers a range with at most `buckets` slices, from the coarsest tier that is fine enough. Slices of roll-ups are whole
 * minutes or hours and begin with one; what a range cuts off at its ends is taken from the samples, so minima, means and
 * maxima are those of the samples in the range. Where samples are no longer kept, the cut slice counts as a whole.
 */
export function queryRange(
  { chunks, open, parts }: RangeSources,
  gpuId: number,
  query: RangeQuery,
  gaps: readonly Gap[],
): Range {
  const { fromMs, toMs, buckets } = query;
  const wanted = query.metrics.map(metricOf);
  const ids = wanted.map(({ id }) => id);
  const resolution = resolutionOf(toMs - fromMs, buckets);
  const slotMs = slotOf[resolution];
  const startMs = resolution === 'raw' ? fromMs : Math.floor(fromMs / slotMs) * slotMs;
  const fine = (toMs - startMs) / buckets;
  const stepMs = resolution === 'raw' ? Math.max(fine, MIN_STEP_MS) : Math.ceil(fine / slotMs) * slotMs;
  const count = Math.max(1, Math.min(buckets, Math.ceil((toMs - startMs) / stepMs)));
  const slices = wanted.map(() => createSlices(count));
  const sliceAt = (tsMs: number): number => Math.min(count - 1, Math.floor((tsMs - startMs) / stepMs));

  function addSamples(
    tsMs: Float64Array,
    valuesOf: (id: number) => Float64Array | undefined,
    from: number,
    to: number,
  ): void {
    const at = new Int32Array(tsMs.length);
    for (let i = 0; i < at.length; i++) at[i] = tsMs[i]! >= from && tsMs[i]! < to ? sliceAt(tsMs[i]!) : -1;
    ids.forEach((id, k) => {
      const values = valuesOf(id);
      if (!values) return;
      const { sample } = slices[k]!;
      for (let i = 0; i < at.length; i++) {
        const value = values[i]!;
        if (at[i]! >= 0 && !Number.isNaN(value)) sample(at[i]!, value);
      }
    });
  }
  function addRolled(rollup: RolledLevels, from: number, to: number): void {
    ids.forEach((id, k) => {
      const metric = rollup.metrics.get(id);
      if (!metric) return;
      const { scale, n, min, max, sum } = metric;
      const { rolled } = slices[k]!;
      const first = Math.max(0, Math.ceil((from - rollup.fromMs) / rollup.slotMs));
      const last = Math.min(rollup.slots, Math.ceil((to - rollup.fromMs) / rollup.slotMs));
      for (let i = first; i < last; i++) {
        if (n[i] === 0) continue;
        rolled(sliceAt(rollup.fromMs + i * rollup.slotMs), n[i]!, min[i]! / scale, max[i]! / scale, sum[i]! / scale);
      }
    });
  }
  /** sealed samples; false: none are kept of that time */
  function addSealed(from: number, to: number): boolean {
    const places = chunks.between(gpuId, hourOf(from), to);
    for (const place of places) {
      if (place.toMs < from || place.fromMs >= to) continue;
      const chunk = chunks.open(place.id);
      if (chunk) addSamples(chunk.stamps().tsMs, (id) => chunk.metric(id)?.values, from, to);
    }
    return places.length > 0;
  }

  if (resolution === 'raw') addSealed(fromMs, toMs);
  else {
    const headEnd = Math.min(toMs, Math.ceil(fromMs / slotMs) * slotMs);
    const tailStart = Math.max(headEnd, Math.floor(toMs / slotMs) * slotMs);
    const head = fromMs < headEnd && addSealed(fromMs, headEnd);
    const tail = tailStart < toMs && addSealed(tailStart, toMs);
    const coreFrom = head ? headEnd : startMs;
    const coreTo = tail ? tailStart : toMs;
    for (const rollup of parts.levelsBetween(gpuId, slotMs, coreFrom, coreTo, ids)) addRolled(rollup, coreFrom, coreTo);
  }
  const rows = open.recent(gpuId, ids);
  addSamples(rows.tsMs, (id) => rows.metrics.get(id)?.values, fromMs, toMs);

  const counts = new Float64Array(count);
  for (const { n } of slices) for (let i = 0; i < count; i++) counts[i]! += n[i]!;
  return {
    fromMs: startMs,
    stepMs,
    resolution,
    counts,
    gaps,
    series: Object.fromEntries(wanted.map(({ key }, k) => [key, slices[k]!.series()])),
  };
}
