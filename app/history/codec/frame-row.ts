import { metrics } from '../../metrics/metrics.ts';
import { hasValue, type Frame } from '../../metrics/frame.ts';
import { readingCode, VALUE, type MetricColumn } from './sample-chunk.ts';

/**
 * One tick of all GPUs as the bytes of a row of the open hour: made for writing at every tick with next to no work.
 * Little-endian. For each GPU: its id (u32), slots (u16: the highest metric id), values (u16), reasons (u16); then a
 * state byte a slot (bit 7: derived), the values as doubles in the order of ids, and the reasons as pairs (id, code).
 */
const HEADER = 10;
const DERIVED = 0x80;
const VERSION = 1;

/** Positions in a frame, by metric id. */
const order = metrics.map(({ id }, index) => ({ id, index })).sort((a, b) => a.id - b.id);
const slots = order.at(-1)!.id;
const ids = Uint16Array.from(order, ({ id }) => id);
const indices = Uint16Array.from(order, ({ index }) => index);

const LARGEST = HEADER + slots + 12 * metrics.length;

export type FrameOfGpu = { readonly gpuId: number; readonly frame: Frame };

/** @returns an encoder that reuses its memory: its answer is good until it is called again. */
export function createTickEncoder(): (frames: readonly FrameOfGpu[]) => Uint8Array {
  let bytes = new Uint8Array(0);
  let view = new DataView(bytes.buffer);

  return (frames) => {
    const needed = 1 + frames.length * LARGEST;
    if (bytes.length < needed) {
      bytes = new Uint8Array(needed);
      view = new DataView(bytes.buffer);
    }
    bytes[0] = VERSION;
    let at = 1;
    for (const { gpuId, frame } of frames) {
      const { values, states, reasons, derived } = frame;
      const head = at;
      const stateAt = at + HEADER - 1;
      bytes.fill(0, at + HEADER, at + HEADER + slots);
      at += HEADER + slots;
      let valueCount = 0;
      let reasonCount = 0;
      for (let k = 0; k < ids.length; k++) {
        const i = indices[k]!;
        const state = states[i]!;
        if (state === 0) continue;
        bytes[stateAt + ids[k]!] = derived[i] ? state | DERIVED : state;
        if (hasValue(frame, i)) {
          view.setFloat64(at, values[i]!, true);
          at += 8;
          valueCount++;
        }
        if (reasons[i] !== 0) reasonCount++;
      }
      if (reasonCount > 0) {
        for (let k = 0; k < ids.length; k++) {
          const i = indices[k]!;
          if (reasons[i] === 0 || states[i] === 0) continue;
          view.setUint16(at, ids[k]!, true);
          view.setUint16(at + 2, reasons[i]!, true);
          at += 4;
        }
      }
      view.setUint32(head, gpuId, true);
      view.setUint16(head + 4, slots, true);
      view.setUint16(head + 6, valueCount, true);
      view.setUint16(head + 8, reasonCount, true);
    }
    return bytes.subarray(0, at);
  };
}

/** Where the readings of a sample go: its place in columns by metric id. Written to directly, because it is a hot loop. */
export type Target = {
  readonly at: number;
  /** null: not wanted; undefined: not begun */
  readonly columns: readonly (MetricColumn | null | undefined)[];
  readonly begin: (metricId: number) => MetricColumn | null;
};

/**
 * Reads a row into columns, ids of a newer version of Slowburn too; what was not read is left out.
 * @param targetOf asked for each GPU; undefined: its readings are passed over
 * Throws a RangeError when bytes are missing.
 */
export function readTick(bytes: Uint8Array, targetOf: (gpuId: number) => Target | undefined): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== VERSION) throw new RangeError('This row of the open hour has an unknown form.');
  for (let from = 1; from < bytes.length;) {
    const gpuId = view.getUint32(from, true);
    const slotCount = view.getUint16(from + 4, true);
    const stateAt = from + HEADER;
    let valueAt = stateAt + slotCount;
    let reasonAt = valueAt + 8 * view.getUint16(from + 6, true);
    from = reasonAt + 4 * view.getUint16(from + 8, true);
    if (from > bytes.length) throw new RangeError('This row of the open hour is cut off.');
    const target = targetOf(gpuId);
    if (!target) continue;
    const { at, columns } = target;
    for (let slot = 0; slot < slotCount; slot++) {
      const byte = bytes[stateAt + slot]!;
      if (byte === 0) continue;
      const id = slot + 1;
      const state = byte & ~DERIVED;
      let value = Number.NaN;
      let reason = 0;
      if (state === VALUE) {
        value = view.getFloat64(valueAt, true);
        valueAt += 8;
      }
      if (reasonAt < from && view.getUint16(reasonAt, true) === id) {
        reason = view.getUint16(reasonAt + 2, true);
        reasonAt += 4;
      }
      const known = columns[id];
      const column = known === undefined ? target.begin(id) : known;
      if (column === null) continue;
      column.codes[at] = readingCode(state, byte >>> 7, reason);
      column.values[at] = value;
    }
  }
}

/** Reads a frame into columns as a row would be. */
export function readFrame(frame: Frame, target: Target): void {
  for (let k = 0; k < ids.length; k++) {
    const i = indices[k]!;
    const state = frame.states[i]!;
    if (state === 0) continue;
    const id = ids[k]!;
    const known = target.columns[id];
    const column = known === undefined ? target.begin(id) : known;
    if (column === null) continue;
    column.codes[target.at] = readingCode(state, frame.derived[i]!, frame.reasons[i]!);
    column.values[target.at] = hasValue(frame, i) ? frame.values[i]! : Number.NaN;
  }
}
