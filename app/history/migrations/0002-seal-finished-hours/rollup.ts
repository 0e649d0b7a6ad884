import { writeBlocks, type Pack } from './blocks.ts';
import { createByteWriter } from './bytes.ts';
import { masked, scaled } from './chunk.ts';
import { writeColumn } from './column.ts';
import { sumKinds, type IntervalSums, type SumKind } from './interval-sums.ts';
import { scaleOf, type SampleColumns } from './samples.ts';

/** Slices of time, each with its number of values, their extremes and their sum, all at the metric's scale. */
export type RolledMetric = {
  readonly scale: number;
  readonly n: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
};

/** Roll-ups of one GPU: `slots` slices of `slotMs` from `fromMs` on. */
export type Rollup = {
  readonly fromMs: number;
  readonly slotMs: number;
  readonly slots: number;
  readonly metrics: Map<number, RolledMetric>;
  readonly sums: Readonly<Record<SumKind, Float64Array>>;
};

const SUMS = 0;
const blockOf = (metricId: number): number => metricId + 1;

export const createRollup = (fromMs: number, slotMs: number, slots: number): Rollup => ({
  fromMs,
  slotMs,
  slots,
  metrics: new Map(),
  sums: Object.fromEntries(sumKinds.map((kind) => [kind, new Float64Array(slots)])) as Rollup['sums'],
});

/** A metric's slices, empty when it has none yet. */
export function metricIn({ metrics, slots }: Rollup, id: number): RolledMetric {
  const found = metrics.get(id) ?? {
    scale: scaleOf(id),
    n: new Float64Array(slots),
    min: new Float64Array(slots).fill(Infinity),
    max: new Float64Array(slots).fill(-Infinity),
    sum: new Float64Array(slots),
  };
  metrics.set(id, found);
  return found;
}

function put({ n, min, max, sum }: RolledMetric, slot: number, [count, low, high, total]: readonly number[]): void {
  n[slot]! += count!;
  min[slot] = Math.min(min[slot]!, low!);
  max[slot] = Math.max(max[slot]!, high!);
  sum[slot]! += total!;
}

/** Rolls samples up. `sums`: the interval that each sample ends; left out, they are not rolled up. */
export function rollUpSamples(rollup: Rollup, { tsMs, metrics }: SampleColumns, sums?: IntervalSums): void {
  const slotOf = (i: number): number => Math.floor((tsMs[i]! - rollup.fromMs) / rollup.slotMs);
  for (const [id, { values }] of metrics) {
    values.forEach((value, i) => {
      if (Number.isNaN(value)) return;
      const metric = metricIn(rollup, id);
      const whole = scaled(value, metric.scale);
      const at = Number.isNaN(whole) ? value * metric.scale : whole;
      put(metric, slotOf(i), [1, at, at, at]);
    });
  }
  if (!sums) return;
  for (const kind of sumKinds) sums[kind].forEach((value, i) => (rollup.sums[kind][slotOf(i)]! += value));
}

/** A roll-up as one slice. */
export function wholeOf({ fromMs, slotMs, slots, metrics, sums }: Rollup): Rollup {
  const whole = createRollup(fromMs, slotMs * slots, 1);
  for (const [id, { n, min, max, sum }] of metrics) {
    n.forEach((count, i) => count > 0 && put(metricIn(whole, id), 0, [count, min[i]!, max[i]!, sum[i]!]));
  }
  for (const kind of sumKinds) for (const value of sums[kind]) whole.sums[kind][0]! += value;
  return whole;
}

function metricBlock({ scale, n, min, max, sum }: RolledMetric): Uint8Array {
  const out = createByteWriter();
  const [present, lows, highs, totals] = [masked(n, n), masked(min, n), masked(max, n), masked(sum, n)];
  // whole numbers are small above the minimum, and exact there
  const relative = [lows, highs, totals].every((column) => column.every(Number.isSafeInteger));
  out.varint(scale);
  out.u8(relative ? 1 : 0);
  writeColumn(out, n);
  writeColumn(out, lows);
  writeColumn(out, relative ? highs.map((value, i) => value - lows[i]!) : highs);
  writeColumn(out, relative ? totals.map((value, i) => value - present[i]! * lows[i]!) : totals);
  return out.take();
}

export function encodeRollup({ slots, metrics, sums, slotMs }: Rollup, pack: Pack): Uint8Array {
  const head = createByteWriter();
  head.varint(slotMs);
  head.varint(sumKinds.length);
  for (const kind of sumKinds) writeColumn(head, sums[kind]);
  const blocks = new Map([[SUMS, head.take()]]);
  for (const [id, metric] of metrics) blocks.set(blockOf(id), metricBlock(metric));
  return writeBlocks(slots, blocks, pack);
}
