import { openBlocks, writeBlocks, type Packer } from './blocks.ts';
import { createByteWriter } from './bytes.ts';
import { readColumn, writeColumn } from './column.ts';
import { OLDER_KINDS, sumKinds, throttleKinds, type IntervalSums, type SumKind } from './interval-sums.ts';
import { masked, scaled, scaleOf, type SampleColumns } from './sample-chunk.ts';

/** Slices of time with the count, extremes and sum of their samples. All but counts are at the metric's scale. */
export type RolledMetric = {
  readonly scale: number;
  /** samples with a value */
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

/** The metrics of a roll-up without its sums over time. */
export type RolledLevels = Omit<Rollup, 'sums'>;

const SUMS = 0;
const blockOf = (metricId: number): number => metricId + 1;

export const createRollup = (fromMs: number, slotMs: number, slots: number): Rollup => ({
  fromMs,
  slotMs,
  slots,
  metrics: new Map(),
  sums: Object.fromEntries(sumKinds.map((kind) => [kind, new Float64Array(slots)])) as Rollup['sums'],
});

const createMetric = (slots: number, scale: number): RolledMetric => ({
  scale,
  n: new Float64Array(slots),
  min: new Float64Array(slots).fill(Infinity),
  max: new Float64Array(slots).fill(-Infinity),
  sum: new Float64Array(slots),
});

/** A metric's slices, empty when it has none yet. */
export function metricIn(rollup: RolledLevels, id: number, scale: number): RolledMetric {
  let metric = rollup.metrics.get(id);
  if (!metric) rollup.metrics.set(id, (metric = createMetric(rollup.slots, scale)));
  return metric;
}

/** Rolls samples up. `sums` has the interval that each sample ends. All samples must lie in the slots. */
export function rollUpSamples(rollup: Rollup, columns: SampleColumns, sums: IntervalSums): void {
  const { fromMs, slotMs } = rollup;
  const count = columns.tsMs.length;
  const slotOf = new Uint32Array(count);
  for (let i = 0; i < count; i++) slotOf[i] = Math.floor((columns.tsMs[i]! - fromMs) / slotMs);
  for (const [id, { values }] of columns.metrics) {
    const scale = scaleOf(id);
    let metric: RolledMetric | undefined;
    for (let i = 0; i < count; i++) {
      const value = values[i]!;
      if (Number.isNaN(value)) continue;
      metric ??= metricIn(rollup, id, scale);
      const { n, sum, min, max } = metric;
      const whole = scaled(value, scale);
      const at = Number.isNaN(whole) ? value * scale : whole;
      const slot = slotOf[i]!;
      n[slot]!++;
      sum[slot]! += at;
      if (at < min[slot]!) min[slot] = at;
      if (at > max[slot]!) max[slot] = at;
    }
  }
  for (const kind of sumKinds) {
    const source = sums[kind];
    const target = rollup.sums[kind];
    for (let i = 0; i < count; i++) target[slotOf[i]!]! += source[i]!;
  }
}

/**
 * Adds a roll-up to another one with slices of the same length or longer. The order does not matter, so parts add up to
 * the whole.
 */
export function addRollup(target: Rollup, part: Rollup): void {
  const slotOf = (slot: number): number =>
    Math.floor((part.fromMs + slot * part.slotMs - target.fromMs) / target.slotMs);
  const inside = (slot: number): boolean => slot >= 0 && slot < target.slots;
  for (const [id, { scale, n, min, max, sum }] of part.metrics) {
    const metric = metricIn(target, id, scale);
    const factor = metric.scale / scale; // 1, unless the catalogue changed a scale meanwhile
    for (let i = 0; i < part.slots; i++) {
      if (n[i] === 0) continue;
      const slot = slotOf(i);
      if (!inside(slot)) continue;
      metric.n[slot]! += n[i]!;
      metric.sum[slot]! += sum[i]! * factor;
      metric.min[slot] = Math.min(metric.min[slot]!, min[i]! * factor);
      metric.max[slot] = Math.max(metric.max[slot]!, max[i]! * factor);
    }
  }
  for (const kind of sumKinds) {
    for (let i = 0; i < part.slots; i++) {
      const slot = slotOf(i);
      if (inside(slot)) target.sums[kind][slot]! += part.sums[kind][i]!;
    }
  }
}

export function encodeRollup({ slots, metrics, sums, slotMs }: Rollup, packer: Packer): Uint8Array {
  const head = createByteWriter();
  head.varint(slotMs);
  head.varint(sumKinds.length);
  for (const kind of sumKinds) writeColumn(head, sums[kind]);
  const blocks = new Map([[SUMS, head.take()]]);
  for (const [id, { scale, n, min, max, sum }] of metrics) {
    const out = createByteWriter(512);
    const [present, lows] = [masked(n, n), masked(min, n)];
    const [highs, totals] = [masked(max, n), masked(sum, n)];
    // whole numbers are small above the minimum, and exact there
    const relative = [lows, highs, totals].every((column) => column.every(Number.isSafeInteger));
    out.varint(scale);
    out.u8(relative ? 1 : 0);
    writeColumn(out, n);
    writeColumn(out, lows);
    writeColumn(out, relative ? highs.map((value, i) => value - lows[i]!) : highs);
    writeColumn(out, relative ? totals.map((value, i) => value - present[i]! * lows[i]!) : totals);
    blocks.set(blockOf(id), out.take());
  }
  return writeBlocks(slots, blocks, packer);
}

/** Before schema 7 it was not kept whether throttling was reported: throttled time holds for all that was observed. */
function countAsOlder(sums: Rollup['sums']): void {
  for (const { knownMs } of Object.values(throttleKinds)) sums[knownMs].set(sums.observedMs);
  sums.olderMs.set(sums.observedMs.map((ms, i) => ms + sums.asleepMs[i]!));
}

/**
 * Reads a roll-up.
 * @param wanted only these metrics; all of them when left out. Throws DamagedChunk.
 */
export function decodeRollup(fromMs: number, bytes: Uint8Array, packer: Packer, wanted?: readonly number[]): Rollup {
  const { n: slots, ids, read } = openBlocks(bytes, packer);
  const head = read(SUMS)!;
  const rollup = createRollup(fromMs, head.varint(), slots);
  const kinds = head.varint(); // a newer version may have appended some
  for (let k = 0; k < kinds; k++) {
    const column = readColumn(head, slots);
    const kind = sumKinds[k];
    if (kind) rollup.sums[kind].set(column);
  }
  if (kinds <= OLDER_KINDS) countAsOlder(rollup.sums);
  readLevels(rollup, wanted ?? ids.filter((block) => block !== SUMS).map((block) => block - 1), read);
  return rollup;
}

/** Reads some metrics of a roll-up, and nothing else. Throws DamagedChunk. */
export function decodeLevels(
  fromMs: number,
  slotMs: number,
  bytes: Uint8Array,
  packer: Packer,
  wanted: readonly number[],
): RolledLevels {
  const { n: slots, read } = openBlocks(bytes, packer);
  const levels: RolledLevels = { fromMs, slotMs, slots, metrics: new Map() };
  readLevels(levels, wanted, read);
  return levels;
}

function readLevels(
  levels: RolledLevels,
  wanted: readonly number[],
  read: ReturnType<typeof openBlocks>['read'],
): void {
  const { slots } = levels;
  for (const id of wanted) {
    const reader = read(blockOf(id));
    if (!reader) continue;
    const metric = metricIn(levels, id, reader.varint());
    const relative = reader.u8() === 1;
    metric.n.set(readColumn(reader, slots));
    const count = metric.n.reduce((sum, n) => sum + (n > 0 ? 1 : 0), 0);
    const [min, max, sum] = [readColumn(reader, count), readColumn(reader, count), readColumn(reader, count)];
    for (let i = 0, at = 0; i < slots; i++) {
      if (metric.n[i] === 0) continue;
      metric.min[i] = min[at]!;
      metric.max[i] = relative ? max[at]! + min[at]! : max[at]!;
      metric.sum[i] = relative ? sum[at]! + metric.n[i]! * min[at]! : sum[at]!;
      at++;
    }
  }
}
