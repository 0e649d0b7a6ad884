import { metricIndex, type Cadence, type MetricKey } from '../../metrics/metrics.ts';
import { setValueAt, type Frame } from '../../metrics/frame.ts';
import type { NativeCall, Parameter } from './library.ts';

/** One way to ask NVML for something: a symbol, how it is called, and what its answer means. */
export type Variant = {
  readonly symbol: string;
  readonly parameters: readonly Parameter[];
  /** size of the answer in bytes */
  readonly size: number;
  /** versioned structs carry size | version << 24 in their first word, and may want further words set before the call */
  readonly prepare?: (view: DataView) => void;
  readonly invoke: (call: NativeCall, device: number, out: ArrayBuffer) => number;
  readonly decode: (view: DataView, frame: Frame) => void;
  /** about one of several things (a fan): a card that has fewer answers INVALID_ARGUMENT */
  readonly ofSeveral?: true;
};

/** A question about a GPU: the metrics it answers, and its variants, newest first. */
export type Getter = {
  readonly metrics: readonly MetricKey[];
  readonly cadence: Cadence;
  readonly variants: readonly Variant[];
};

const LE = true;
export const u32 = (view: DataView, at = 0): number => view.getUint32(at, LE);
export const i32 = (view: DataView, at = 0): number => view.getInt32(at, LE);
/** Without BigInt: dozens of them per tick would keep the garbage collector busy. */
export const u64 = (view: DataView, at = 0): number => view.getUint32(at, LE) + view.getUint32(at + 4, LE) * 2 ** 32;

/** Puts one number of an answer into a frame: the one at `at`, in the metric's unit after `scale`. */
export function into(key: MetricKey, read: typeof u32, at = 0, scale = 1): Variant['decode'] {
  const slot = metricIndex[key];
  return (view, frame) => setValueAt(frame, slot, read(view, at) * scale);
}

export const each =
  (...parts: readonly Variant['decode'][]): Variant['decode'] =>
  (view, frame) => {
    for (const part of parts) part(view, frame);
  };

/** device → one or more numbers in a row, or a struct */
export const plain = (symbol: string, size: number, decode: Variant['decode']): Variant => ({
  symbol,
  parameters: ['device', 'out'],
  size,
  invoke: (call, device, out) => call(device, out),
  decode,
});

/** device → a struct that says its version */
export const versioned = (symbol: string, size: number, version: number, decode: Variant['decode']): Variant => ({
  ...plain(symbol, size, decode),
  prepare: (view) => view.setUint32(0, size | (version << 24), LE),
});

/** device → two unsigned ints behind two pointers */
export const pair = (symbol: string, decode: Variant['decode']): Variant => ({
  symbol,
  parameters: ['device', 'out', 'out'],
  size: 8,
  invoke: (call, device, out) => call(device, out, new Uint8Array(out, 4)),
  decode,
});

/** device, a selector → one number */
export const selected = (symbol: string, selector: number, decode: Variant['decode']): Variant => ({
  symbol,
  parameters: ['device', 'uint', 'out'],
  size: 4,
  invoke: (call, device, out) => call(device, selector, out),
  decode,
});

/** device → one unsigned int, which is a metric */
export const single = (key: MetricKey, symbol: string, cadence: Cadence, scale = 1): Getter => ({
  metrics: [key],
  cadence,
  variants: [plain(symbol, 4, into(key, u32, 0, scale))],
});
