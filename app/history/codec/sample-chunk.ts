import { metrics } from '../../metrics/metrics.ts';
import { text } from '../../core/i18n.ts';
import { readingStates } from '../../core/reading.ts';
import { DamagedChunk, openBlocks, writeBlocks, type Packer } from './blocks.ts';
import { createByteWriter, type ByteReader } from './bytes.ts';
import { readColumn, writeColumn } from './column.ts';

/** State, derived flag and reason of a reading in one number: state + 32 × derived + 64 × reason. */
export const readingCode = (state: number, derived: number, reason: number): number =>
  state + 32 * derived + 64 * reason;
export const stateOfCode = (code: number): number => code & 31;
export const derivedOfCode = (code: number): number => (code >>> 5) & 1;
export const reasonOfCode = (code: number): number => code >>> 6;
export const VALUE = readingStates.indexOf('value');

/** One metric of some samples: what each reading was, and its value (NaN where there was none). */
export type MetricColumn = { readonly codes: Float64Array; readonly values: Float64Array };

export type Stamps = {
  /** ms since 1970 */
  readonly tsMs: Float64Array;
  /** since the sample before by the monotonic clock, ms; NaN after a gap */
  readonly dtMs: Float64Array;
};

/** Samples of one GPU in the order they came, column by column. Metrics stand under their stable ids. */
export type SampleColumns = Stamps & {
  /** the order of arrival, which a stepped clock cannot change */
  readonly seq: Float64Array;
  readonly metrics: ReadonlyMap<number, MetricColumn>;
};

const STAMPS = 0;
const SEQUENCE = 1;
const blockOf = (metricId: number): number => metricId + 1; // ids begin at 1

const scales = new Map<number, number>(metrics.map(({ id, scale }) => [id, scale]));

/** Scale at which values of a metric are whole numbers; 1 for a metric of a newer version. */
export const scaleOf = (metricId: number): number => scales.get(metricId) ?? 1;

/** A value at its metric's scale: whole, unless the value was not on the scale. */
export function scaled(value: number, scale: number): number {
  const whole = Math.round(value * scale);
  return Object.is(whole / scale, value) ? whole : Number.NaN;
}

/** Values at a scale; undefined: not all of them are whole there. */
function allScaled(values: Float64Array, scale: number): Float64Array | undefined {
  const out = new Float64Array(values.length);
  for (let i = 0; i < out.length; i++) if (Number.isNaN((out[i] = scaled(values[i]!, scale)))) return undefined;
  return out;
}

/** The numbers of a column where a mask is not 0. */
export function masked(values: Float64Array, mask: Float64Array): Float64Array {
  const out = new Float64Array(values.length);
  let n = 0;
  for (let i = 0; i < out.length; i++) if (mask[i] !== 0) out[n++] = values[i]!;
  return out.subarray(0, n);
}

/** How the intervals of a chunk are kept. */
const BESIDE = 1; // as what they differ by from the stamps' own steps
const SOME_UNKNOWN = 2; // after a column that says which are known
/** Below this an interval and the step of the stamps beside it can be added and taken apart without rounding. */
const EXACT_MS = 2 ** 52;

function stampsBlock({ tsMs, dtMs }: Stamps): Uint8Array {
  const out = createByteWriter(8192);
  writeColumn(out, tsMs);
  // the monotonic clock runs beside the wall clock: what they differ by is nearly always 0
  const beside = dtMs.every((dt) => Number.isNaN(dt) || (Number.isInteger(dt) && Math.abs(dt) < EXACT_MS && !Object.is(dt, -0))); // prettier-ignore
  const known = dtMs.map((dt) => (Number.isNaN(dt) ? 0 : 1));
  const someUnknown = known.includes(0);
  out.u8((beside ? BESIDE : 0) | (someUnknown ? SOME_UNKNOWN : 0));
  if (someUnknown) writeColumn(out, known);
  writeColumn(out, masked(beside ? dtMs.map((dt, i) => dt - (i > 0 ? tsMs[i]! - tsMs[i - 1]! : 0)) : dtMs, known));
  return out.take();
}

function readStamps(reader: ByteReader, n: number): Stamps {
  const tsMs = readColumn(reader, n);
  const flags = reader.u8();
  const beside = (flags & BESIDE) !== 0;
  if ((flags & SOME_UNKNOWN) === 0) {
    const dtMs = readColumn(reader, n);
    if (beside) for (let i = 1; i < n; i++) dtMs[i]! += tsMs[i]! - tsMs[i - 1]!;
    return { tsMs, dtMs };
  }
  const known = readColumn(reader, n);
  let count = 0;
  for (let i = 0; i < n; i++) count += known[i]!;
  const rest = readColumn(reader, count);
  const dtMs = new Float64Array(n);
  for (let i = 0, at = 0; i < n; i++) {
    if (known[i] === 0) dtMs[i] = Number.NaN;
    else dtMs[i] = beside && i > 0 ? rest[at++]! + (tsMs[i]! - tsMs[i - 1]!) : rest[at++]!;
  }
  return { tsMs, dtMs };
}

const isValue = (code: number): boolean => stateOfCode(code) === VALUE;

function metricBlock({ codes, values }: MetricColumn, scale: number): Uint8Array {
  const out = createByteWriter(16_384);
  writeColumn(out, codes);
  const present = new Float64Array(codes.length);
  let n = 0;
  for (let i = 0; i < codes.length; i++) if (isValue(codes[i]!)) present[n++] = values[i]!;
  const known = present.subarray(0, n);
  const whole = allScaled(known, scale);
  out.varint(whole ? scale : 0); // 0: kept as the doubles they are
  writeColumn(out, whole ?? known);
  return out.take();
}

function readMetric(reader: ByteReader, n: number): MetricColumn {
  const codes = readColumn(reader, n);
  let count = 0;
  for (let i = 0; i < n; i++) if (isValue(codes[i]!)) count++;
  const scale = reader.varint();
  const present = readColumn(reader, count);
  if (scale > 1) for (let i = 0; i < count; i++) present[i] = present[i]! / scale;
  if (count === n) return { codes, values: present };
  const values = new Float64Array(n);
  for (let i = 0, at = 0; i < n; i++) values[i] = isValue(codes[i]!) ? present[at++]! : Number.NaN;
  return { codes, values };
}

/** Seals samples of one GPU: lossless, reading states and reasons included. A metric that was never read takes no room. */
export function encodeSamples(columns: SampleColumns, packer: Packer): Uint8Array {
  const n = columns.tsMs.length;
  const sequence = createByteWriter();
  writeColumn(sequence, columns.seq);
  const blocks = new Map<number, Uint8Array>([
    [STAMPS, stampsBlock(columns)],
    [SEQUENCE, sequence.take()],
  ]);
  for (const [id, column] of columns.metrics) {
    if (column.codes.some((code) => code !== 0)) blocks.set(blockOf(id), metricBlock(column, scaleOf(id)));
  }
  return writeBlocks(n, blocks, packer);
}

/** A sealed chunk, read piece by piece. All functions throw DamagedChunk when the bytes are not what was written. */
export type SampleChunk = {
  readonly n: number;
  readonly metricIds: readonly number[];
  readonly stamps: () => Stamps;
  readonly seq: () => Float64Array;
  /** undefined: never read in this chunk */
  readonly metric: (metricId: number) => MetricColumn | undefined;
};

export function openSamples(bytes: Uint8Array, packer: Packer): SampleChunk {
  const { n, ids, read } = openBlocks(bytes, packer);
  const must = (id: number): ByteReader => {
    const reader = read(id);
    if (!reader) throw new DamagedChunk(text('historyFile.chunkTimes'));
    return reader;
  };
  return {
    n,
    metricIds: ids.filter((id) => id > SEQUENCE).map((id) => id - 1),
    stamps: () => readStamps(must(STAMPS), n),
    seq: () => readColumn(must(SEQUENCE), n),
    metric(metricId) {
      const reader = read(blockOf(metricId));
      return reader && readMetric(reader, n);
    },
  };
}

/** All of a chunk at once. */
export function decodeSamples(bytes: Uint8Array, packer: Packer): SampleColumns {
  const chunk = openSamples(bytes, packer);
  const columns = chunk.metricIds.map((id) => [id, chunk.metric(id)!] as const);
  return { ...chunk.stamps(), seq: chunk.seq(), metrics: new Map(columns) };
}
