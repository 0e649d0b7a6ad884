import { readingStates, type Absence, type Reading, type ReadingState } from '../core/reading.ts';
import { metricIndex, metrics, type MetricKey } from './metrics.ts';
import type { TypeOf } from '../core/schema.ts';
import type { frame } from './schema.ts';

const stateCode = Object.fromEntries(readingStates.map((state, code) => [state, code])) as Record<ReadingState, number>;
const VALUE = stateCode.value;

/**
 * All readings of one GPU at one moment, one slot per metric in catalogue order. Typed arrays, because thousands per second
 * cross threads and processes; `readingOf` gives the friendly view.
 */
export type Frame = TypeOf<typeof frame>;

export const createFrame = (): Frame => ({
  values: new Float64Array(metrics.length),
  states: new Uint8Array(metrics.length),
  reasons: new Uint16Array(metrics.length),
  derived: new Uint8Array(metrics.length),
  via: new Uint8Array(metrics.length),
});

export function clearFrame(frame: Frame): void {
  frame.values.fill(0);
  frame.states.fill(0);
  frame.reasons.fill(0);
  frame.derived.fill(0);
  frame.via.fill(0);
}

export function copyFrame(from: Frame): Frame {
  return {
    values: from.values.slice(),
    states: from.states.slice(),
    reasons: from.reasons.slice(),
    derived: from.derived.slice(),
    via: from.via.slice(),
  };
}

// typed arrays: the catalogue's rows differ in shape, which makes reading them thousands of times per second slow
const scales = Float64Array.from(metrics, ({ scale }) => scale);
const lowest = Float64Array.from(metrics, ({ range }) => range[0]);
const highest = Float64Array.from(metrics, ({ range }) => range[1]);

/**
 * Sets a value, rounded to the catalogue's storage scale so that memory, disk and exports agree to the bit. A value
 * outside the metric's plausible range (or not a number) becomes `implausible`.
 */
export function setValue(frame: Frame, key: MetricKey, value: number, derived = false): void {
  setValueAt(frame, metricIndex[key], value, derived);
}

export function setAbsent(frame: Frame, key: MetricKey, state: Absence, reason = 0): void {
  setAbsentAt(frame, metricIndex[key], state, reason);
}

/** The same as `setValue`, by position in the catalogue: for code that runs thousands of times per second. */
export function setValueAt(frame: Frame, i: number, value: number, derived = false): void {
  if (!(value >= lowest[i]! && value <= highest[i]!)) return setAbsentAt(frame, i, 'implausible');
  const scale = scales[i]!;
  frame.values[i] = Math.round(value * scale) / scale;
  frame.states[i] = VALUE;
  frame.reasons[i] = 0;
  frame.derived[i] = derived ? 1 : 0;
  frame.via[i] = 0;
}

export function setAbsentAt(frame: Frame, i: number, state: Absence, reason = 0): void {
  frame.values[i] = 0;
  frame.states[i] = stateCode[state];
  frame.reasons[i] = reason;
  frame.derived[i] = 0;
  frame.via[i] = 0;
}

/** A frame whose readings are all absent for the same reason. */
export function absentFrame(state: Absence, reason = 0): Frame {
  const frame = createFrame();
  frame.states.fill(stateCode[state]);
  frame.reasons.fill(reason);
  return frame;
}

export function readingOf(frame: Frame, key: MetricKey): Reading {
  const i = metricIndex[key];
  const state = readingStates[frame.states[i]!] ?? 'failed';
  if (state === 'value') return { state, value: frame.values[i]!, derived: frame.derived[i] === 1 };
  return { state, reason: frame.reasons[i]! };
}

/** The value, or undefined if the reading is absent for any reason. */
export function valueOf(frame: Frame, key: MetricKey): number | undefined {
  const i = metricIndex[key];
  return frame.states[i] === VALUE ? frame.values[i] : undefined;
}

/** Whether the metric was not read at this tick: it is read now and then. */
export const isUnread = (frame: Frame, key: MetricKey): boolean => frame.states[metricIndex[key]] === stateCode.unread;

export const hasValue = (frame: Frame, index: number): boolean => frame.states[index] === VALUE;
