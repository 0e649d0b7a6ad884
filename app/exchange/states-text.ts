import type { Metric } from '../metrics/metrics.ts';
import { metricIndex } from '../metrics/metrics.ts';
import { type Frame } from '../metrics/frame.ts';
import { readingStates } from '../core/reading.ts';

/**
 * Reading states of a row as text: one letter per metric, in the order of the file's columns. A capital letter means that
 * the value was derived (':' for one that was not read). An export thus says why a cell is empty and imports without loss.
 */
const LETTERS = '.vudaslfin'; // in the order of readingStates
const DERIVED = ':VUDASLFIN';
const VALUE = readingStates.indexOf('value');
if (LETTERS.length !== readingStates.length) throw new Error('Each reading state needs its letter.');

const indexOf = ({ key }: Metric): number => metricIndex[key];

export const statesText = (frame: Frame, metrics: readonly Metric[]): string =>
  metrics
    .map((metric) => {
      const i = indexOf(metric);
      return (frame.derived[i] ? DERIVED : LETTERS)[frame.states[i]!] ?? 'f';
    })
    .join('');

/** The source's own codes for absent readings: `key:code`, separated by spaces. */
export const reasonsText = (frame: Frame, metrics: readonly Metric[]): string =>
  metrics
    .filter((metric) => frame.reasons[indexOf(metric)] !== 0)
    .map((metric) => `${metric.key}:${frame.reasons[indexOf(metric)]!}`)
    .join(' ');

/** The metric of each column of a file; undefined for one of a newer version, which is skipped. */
export type Columns = readonly (Metric | undefined)[];

/**
 * Puts the readings of a row into a frame. Without states, a value is a value and an empty cell was not read.
 * @returns false if a state says `value` and there is no number: the row is damaged
 */
export function putReadings(
  frame: Frame,
  columns: Columns,
  valueOf: (column: number) => number | undefined,
  states: string | undefined,
  reasons: string,
): boolean {
  let whole = true;
  columns.forEach((metric, column) => {
    if (!metric) return;
    const i = indexOf(metric);
    const letter = states?.[column] ?? (valueOf(column) === undefined ? '.' : 'v');
    const derived = DERIVED.indexOf(letter);
    const state = Math.max(derived, LETTERS.indexOf(letter), 0);
    frame.states[i] = state;
    frame.derived[i] = derived >= 0 ? 1 : 0;
    if (state !== VALUE) return;
    const value = valueOf(column);
    if (value === undefined || !Number.isFinite(value)) whole = false;
    else frame.values[i] = value;
  });
  if (reasons === '') return whole;
  const codes = new Map(reasons.split(' ').map((pair) => pair.split(':') as [string, string]));
  for (const metric of columns) {
    const code = metric && codes.get(metric.key);
    if (code !== undefined) frame.reasons[indexOf(metric!)] = Number(code);
  }
  return whole;
}
