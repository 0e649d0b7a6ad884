// A reader of sealed chunks and ticks, written from docs/format/history.md alone. It shares no code with the product.
import zlib from 'node:zlib';

/** Bytes read one after the other, as "Numbers in BLOBs" describes them. */
function cursor(bytes: Buffer) {
  let at = 0;
  const advance = (length: number): number => (at += length) - length;
  return {
    position: () => at,
    u8: () => bytes.readUInt8(advance(1)),
    u16: () => bytes.readUInt16LE(advance(2)),
    u32: () => bytes.readUInt32LE(advance(4)),
    f64: () => bytes.readDoubleLE(advance(8)),
    bytes: (length: number) => bytes.subarray(advance(length), at),
    varint(): number {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes.readUInt8(advance(1));
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return Number(value);
      }
    },
  };
}
type Cursor = ReturnType<typeof cursor>;

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const unfold = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** "Blocks" */
export function readBlocks(data: Buffer): { n: number; blocks: Map<number, Cursor> } {
  const head = cursor(data);
  if (head.u8() !== 1) throw new Error('unknown version');
  const n = head.varint();
  const list = times(head.varint(), () => {
    const [id, format, size] = [head.varint(), head.u8(), head.varint()];
    return { id, format, size, sum: format === 3 ? undefined : head.u32() };
  });
  const end = head.position();
  if (head.u32() !== zlib.crc32(data.subarray(0, end))) throw new Error('the list is damaged');
  const raw: Buffer[] = [];
  for (const { format, size, sum } of list) {
    if (format === 3) {
      raw.push(raw[size]!);
      continue;
    }
    const stored = head.bytes(size);
    if (zlib.crc32(stored) !== sum) throw new Error('a block is damaged');
    raw.push(format === 1 ? zlib.brotliDecompressSync(stored) : stored);
  }
  return { n, blocks: new Map(list.map(({ id }, i) => [id, cursor(raw[i]!)])) };
}

/** "A column" */
export function readColumn(from: Cursor, count: number): number[] {
  if (count === 0) return [];
  const kind = from.u8();
  if (kind === 0) {
    const value = from.f64();
    return times(count, () => value);
  }
  if (kind === 1) {
    let value = 0;
    return times(from.varint(), () => {
      value += unfold(from.varint());
      const same = value;
      return times(from.varint(), () => same);
    }).flat();
  }
  if (kind === 3) {
    const planes = times(8, () => from.bytes(count));
    return times(count, (i) => Buffer.from(planes.map((plane) => plane[i]!)).readDoubleLE());
  }
  const [order, first, divisor, planeCount] = [from.u8(), from.f64(), from.varint(), from.u8()];
  const planes = times(planeCount, () => from.bytes(count));
  const d = times(count, (i) => planes.reduce((sum, plane, p) => sum + plane[i]! * 256 ** p, 0));
  if (order === 0) return d.map((value) => first + divisor * value);
  let [value, step] = [first, 0];
  return d.map((folded) => {
    step = order === 1 ? unfold(folded) : step + unfold(folded);
    return (value += divisor * step);
  });
}

export type Reading = { state: number; derived: boolean; reason: number; value: number | undefined };
export type Sample = { seq: number; tsMs: number; dtMs: number | undefined; readings: Map<number, Reading> };

/** "A sealed chunk" */
export function readChunk(data: Buffer): Sample[] {
  const { n, blocks } = readBlocks(data);
  const stamps = blocks.get(0)!;
  const tsMs = readColumn(stamps, n);
  const flags = stamps.u8();
  const known = flags & 2 ? readColumn(stamps, n) : times(n, () => 1);
  const intervals = readColumn(stamps, known.filter((flag) => flag === 1).length);
  const dtMs = tsMs.map((ts, i) => {
    if (known[i] === 0) return undefined;
    const stored = intervals.shift()!;
    return flags & 1 && i > 0 ? stored + (ts - tsMs[i - 1]!) : stored;
  });
  const seq = readColumn(blocks.get(1)!, n);
  const samples = tsMs.map((ts, i): Sample => ({ seq: seq[i]!, tsMs: ts, dtMs: dtMs[i], readings: new Map() }));
  for (const [block, from] of blocks) {
    if (block < 2) continue;
    const codes = readColumn(from, n);
    const scale = from.varint();
    const values = readColumn(from, codes.filter((code) => code % 32 === 1).length);
    codes.forEach((code, i) => {
      const state = code % 32;
      const stored = state === 1 ? values.shift()! : undefined;
      samples[i]!.readings.set(block - 1, {
        state,
        derived: Math.floor(code / 32) % 2 === 1,
        reason: Math.floor(code / 64),
        value: stored === undefined || scale <= 1 ? stored : stored / scale,
      });
    });
  }
  return samples;
}

/** "The row of a tick" */
export function readTick(frames: Buffer): Map<number, Map<number, Reading>> {
  const from = cursor(frames);
  if (from.u8() !== 1) throw new Error('unknown version');
  const gpus = new Map<number, Map<number, Reading>>();
  while (from.position() < frames.length) {
    const [gpuId, slots, values, reasons] = [from.u32(), from.u16(), from.u16(), from.u16()];
    const states = times(slots, () => from.u8());
    const numbers = times(values, () => from.f64());
    const codes = new Map(times(reasons, () => [from.u16(), from.u16()] as const));
    const readings = new Map<number, Reading>();
    states.forEach((byte, slot) => {
      const [id, state] = [slot + 1, byte & 0x7f];
      const value = state === 1 ? numbers.shift() : undefined;
      readings.set(id, { state, derived: byte >= 0x80, reason: codes.get(id) ?? 0, value });
    });
    gpus.set(gpuId, readings);
  }
  return gpus;
}

export type Slot = { n: number; min: number; max: number; sum: number };

/** "A roll-up" */
export function readRollup(data: Buffer): {
  slotMs: number;
  sums: number[][];
  metrics: Map<number, (Slot | undefined)[]>;
} {
  const { n, blocks } = readBlocks(data);
  const head = blocks.get(0)!;
  const slotMs = head.varint();
  const sums = times(head.varint(), () => readColumn(head, n));
  const metrics = new Map<number, (Slot | undefined)[]>();
  for (const [block, from] of blocks) {
    if (block === 0) continue;
    const [scale, relative] = [from.varint(), from.u8() === 1];
    const counts = readColumn(from, n);
    const present = counts.filter((count) => count !== 0);
    const [minima, maxima, totals] = times(3, () => readColumn(from, present.length)) as [number[], number[], number[]];
    const slots = present.map((count, i): Slot => {
      const min = minima[i]!;
      const max = relative ? maxima[i]! + min : maxima[i]!;
      const sum = relative ? totals[i]! + count * min : totals[i]!;
      return { n: count, min: min / scale, max: max / scale, sum: sum / scale };
    });
    metrics.set(
      block - 1,
      counts.map((count) => (count === 0 ? undefined : slots.shift())),
    );
  }
  return { slotMs, sums, metrics };
}
