import { writeBlocks, type Pack } from './blocks.ts';
import { createByteWriter } from './bytes.ts';
import { writeColumn } from './column.ts';
import { scaleOf, VALUE, type MetricColumn, type SampleColumns } from './samples.ts';

const STAMPS = 0;
const SEQUENCE = 1;
const blockOf = (metricId: number): number => metricId + 1; // ids begin at 1

/** A value at its metric's scale; NaN: it is not whole there. */
export function scaled(value: number, scale: number): number {
  const whole = Math.round(value * scale);
  return Object.is(whole / scale, value) ? whole : Number.NaN;
}

/** The numbers of a column where a mask is not 0. */
export const masked = (values: Float64Array, mask: Float64Array): Float64Array =>
  values.filter((_, i) => mask[i] !== 0);

/** How the intervals of a chunk are kept. */
const BESIDE = 1; // as their differences from the steps of the stamps
const SOME_UNKNOWN = 2; // after a column that says which are known
/** Below this, adding an interval and a step of the stamps and subtracting it again does not round. */
const EXACT_MS = 2 ** 52;

const isExact = (dt: number): boolean => Number.isInteger(dt) && Math.abs(dt) < EXACT_MS && !Object.is(dt, -0);

function stampsBlock({ tsMs, dtMs }: SampleColumns): Uint8Array {
  const out = createByteWriter();
  writeColumn(out, tsMs);
  const beside = dtMs.every((dt) => Number.isNaN(dt) || isExact(dt));
  const known = dtMs.map((dt) => (Number.isNaN(dt) ? 0 : 1));
  const someUnknown = known.includes(0);
  out.u8((beside ? BESIDE : 0) | (someUnknown ? SOME_UNKNOWN : 0));
  if (someUnknown) writeColumn(out, known);
  writeColumn(out, masked(beside ? dtMs.map((dt, i) => dt - (i > 0 ? tsMs[i]! - tsMs[i - 1]! : 0)) : dtMs, known));
  return out.take();
}

function metricBlock({ codes, values }: MetricColumn, scale: number): Uint8Array {
  const out = createByteWriter();
  writeColumn(out, codes);
  const present = values.filter((_, i) => (codes[i]! & 31) === VALUE);
  const whole = present.map((value) => scaled(value, scale));
  const isWhole = !whole.some(Number.isNaN);
  out.varint(isWhole ? scale : 0); // 0: kept as doubles
  writeColumn(out, isWhole ? whole : present);
  return out.take();
}

/** Encodes samples of one GPU without loss, reading states included. A metric that was never read takes no room. */
export function encodeSamples(columns: SampleColumns, pack: Pack): Uint8Array {
  const sequence = createByteWriter();
  writeColumn(sequence, columns.seq);
  const blocks = new Map<number, Uint8Array>([
    [STAMPS, stampsBlock(columns)],
    [SEQUENCE, sequence.take()],
  ]);
  for (const [id, column] of columns.metrics) {
    if (column.codes.some((code) => code !== 0)) blocks.set(blockOf(id), metricBlock(column, scaleOf(id)));
  }
  return writeBlocks(columns.tsMs.length, blocks, pack);
}
