import type { ByteWriter } from './bytes.ts';

/**
 * Lossless coding of one column of numbers, before compression: a column of integers becomes small differences in byte
 * planes, which a general compressor then packs well; anything else is kept as the doubles it is.
 */
const kinds = { constant: 0, runs: 1, planes: 2, doubles: 3 } as const;

/** Up to here differences of differences, folded to be positive, stay exact in a double. */
const LARGEST = 2 ** 50;
const RUNS_PAY = 4; // a run costs two or more bytes: worth it from so many numbers a run

const folded = (value: number): number => (value >= 0 ? 2 * value : -2 * value - 1);
/** What is known of a column of whole numbers; undefined: it holds something else. */
function lookAt(values: Float64Array): { readonly runs: number; readonly smallest: number } | undefined {
  let runs = 0;
  let last = Number.NaN;
  let smallest = Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === last) {
      if (value === 0 && Object.is(value, -0)) return undefined;
      continue;
    }
    if (Math.floor(value) !== value || value > LARGEST || value < -LARGEST || Object.is(value, -0)) return undefined;
    runs++;
    last = value;
    if (value < smallest) smallest = value;
  }
  return { runs, smallest };
}

/** Largest number that divides the distance of each value from the smallest. */
function commonDivisor(values: Float64Array, smallest: number): number {
  let divisor = 0;
  let last = smallest;
  for (let i = 0; i < values.length && divisor !== 1; i++) {
    if (values[i] === last) continue;
    last = values[i]!;
    let a = last - smallest;
    while (a !== 0) [divisor, a] = [a, divisor % a];
  }
  return Math.max(1, divisor);
}

/** Differences of a column: order 0 is the distance from the smallest, 1 from the one before, 2 from the last change. */
function differences(values: Float64Array, order: number, smallest: number, divisor: number): Float64Array {
  const n = values.length;
  const out = new Float64Array(n);
  if (order === 0) for (let i = 0; i < n; i++) out[i] = (values[i]! - smallest) / divisor;
  else {
    let last = values[0]!;
    let step = 0;
    for (let i = 0; i < n; i++) {
      const change = (values[i]! - last) / divisor;
      out[i] = folded(change - step);
      last = values[i]!;
      if (order === 2) step = change;
    }
  }
  return out;
}

/** Bits that the numbers have in all: what the compressor will roughly need for noise. */
function bits(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    sum += value < 2 ** 31 ? 32 - Math.clz32(value) : 1 + Math.log2(value);
  }
  return sum;
}

const PROBES = 4;
const PROBE = 150;

/** The order of differences that takes the fewest bits, judged by a few stretches of a long column. */
function bestOrder(values: Float64Array, smallest: number, divisor: number): number {
  const stretches =
    values.length <= PROBES * PROBE
      ? [values]
      : Array.from({ length: PROBES }, (_, k) => {
          const from = Math.floor((k * (values.length - PROBE)) / (PROBES - 1));
          return values.subarray(from, from + PROBE);
        });
  const needed = [0, 1, 2].map((order) =>
    stretches.reduce((sum, stretch) => sum + bits(differences(stretch, order, smallest, divisor)), 0),
  );
  return needed.indexOf(Math.min(...needed));
}

function writePlanes(out: ByteWriter, values: Float64Array): void {
  const n = values.length;
  let largest = 0;
  for (let i = 0; i < n; i++) if (values[i]! > largest) largest = values[i]!;
  let planes = 0;
  while (largest >= 256 ** planes) planes++;
  out.u8(planes);
  const bytes = out.reserve(n * planes);
  for (let plane = 0; plane < planes; plane++) {
    const at = plane * n;
    if (planes <= 4) for (let i = 0; i < n; i++) bytes[at + i] = values[i]! >>> (8 * plane);
    else for (let i = 0; i < n; i++) bytes[at + i] = Math.floor(values[i]! / 256 ** plane) % 256;
  }
}

function writeDoubles(out: ByteWriter, values: Float64Array): void {
  const source = new Uint8Array(new Float64Array(values).buffer);
  const n = values.length;
  const bytes = out.reserve(8 * n);
  for (let plane = 0; plane < 8; plane++) for (let i = 0; i < n; i++) bytes[plane * n + i] = source[8 * i + plane]!;
}

/** Writes a column. How many numbers it has must be known to the reader; every double comes back to the bit. */
export function writeColumn(out: ByteWriter, values: Float64Array): void {
  const n = values.length;
  if (n === 0) return;
  const whole = lookAt(values);
  if (!whole) {
    out.u8(kinds.doubles);
    return writeDoubles(out, values);
  }
  const { runs, smallest } = whole;
  if (runs === 1) {
    out.u8(kinds.constant);
    return out.f64(values[0]!);
  }
  if (runs * RUNS_PAY <= n) {
    out.u8(kinds.runs);
    out.varint(runs);
    let last = 0;
    for (let i = 0; i < n;) {
      const from = i;
      while (i < n && values[i] === values[from]) i++;
      out.varint(folded(values[from]! - last));
      out.varint(i - from);
      last = values[from]!;
    }
    return;
  }
  const divisor = commonDivisor(values, smallest);
  const order = bestOrder(values, smallest, divisor);
  out.u8(kinds.planes);
  out.u8(order);
  out.f64(order === 0 ? smallest : values[0]!);
  out.varint(divisor);
  writePlanes(out, differences(values, order, smallest, divisor));
}
