import { metrics } from '../metrics.ts';
import { createFrame, hasValue, type Frame } from '../reading.ts';

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
const indexOfId = new Map<number, number>(order.map(({ id, index }) => [id, index]));
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

/** Takes one GPU's readings; ids of a newer version of Slowburn come too. `value` is NaN where there was none. */
export type TakeReading = (metricId: number, state: number, derived: number, reason: number, value: number) => void;

/** Hands over the readings of one GPU, in the order of ids. What was not read is left out. */
export type Readings = (reading: TakeReading) => void;

/** The GPUs of a row. Throws a RangeError when bytes are missing. */
export function* readTick(
  bytes: Uint8Array,
): IterableIterator<{ readonly gpuId: number; readonly readings: Readings }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint8(0) !== VERSION) throw new RangeError('This row of the open hour has an unknown form.');
  let at = 1;
  while (at < bytes.length) {
    const gpuId = view.getUint32(at, true);
    const slotCount = view.getUint16(at + 4, true);
    const valueCount = view.getUint16(at + 6, true);
    const reasonCount = view.getUint16(at + 8, true);
    const stateAt = at + HEADER;
    const valuesAt = stateAt + slotCount;
    const reasonsAt = valuesAt + 8 * valueCount;
    at = reasonsAt + 4 * reasonCount;
    yield {
      gpuId,
      readings(reading) {
        let valueAt = valuesAt;
        let reasonAt = reasonsAt;
        const end = reasonsAt + 4 * reasonCount;
        for (let slot = 0; slot < slotCount; slot++) {
          const byte = bytes[stateAt + slot]!;
          if (byte === 0) continue;
          const id = slot + 1;
          const state = byte & ~DERIVED;
          let value = Number.NaN;
          let reason = 0;
          if (state === 1) {
            value = view.getFloat64(valueAt, true);
            valueAt += 8;
          }
          if (reasonAt < end && view.getUint16(reasonAt, true) === id) {
            reason = view.getUint16(reasonAt + 2, true);
            reasonAt += 4;
          }
          reading(id, state, byte & DERIVED ? 1 : 0, reason, value);
        }
      },
    };
  }
}

/** Puts one reading into a frame; a metric that this version does not know is passed over. */
export function putReading(frame: Frame, id: number, state: number, derived: number, reason: number, value: number) {
  const i = indexOfId.get(id);
  if (i === undefined) return;
  frame.states[i] = state;
  frame.derived[i] = derived;
  frame.reasons[i] = reason;
  frame.values[i] = Number.isNaN(value) ? 0 : value;
}

export const frameFrom = (readings: Readings): Frame => {
  const frame = createFrame();
  readings((id, state, derived, reason, value) => putReading(frame, id, state, derived, reason, value));
  return frame;
};

/** The readings of a frame as a row would give them. */
export const readingsOf =
  (frame: Frame): Readings =>
  (reading) => {
    for (let k = 0; k < ids.length; k++) {
      const i = indices[k]!;
      const state = frame.states[i]!;
      if (state === 0) continue;
      const value = hasValue(frame, i) ? frame.values[i]! : Number.NaN;
      reading(ids[k]!, state, frame.derived[i]!, frame.reasons[i]!, value);
    }
  };
