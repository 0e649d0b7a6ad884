import { metricIndex, metrics, type MetricKey } from '../../app/metrics/metrics.ts';
import { readingOf, type Frame } from '../../app/metrics/frame.ts';
import { readingStates, type Reading } from '../../app/core/reading.ts';

export type Latest = {
  readonly reading: Reading;
  /** which of the source's names for it answered */
  readonly via: number;
};

/** The newest reading of each metric, in catalogue order. */
export type Readings = readonly Latest[];

function isSame({ reading, via }: Latest, frame: Frame, i: number): boolean {
  if (via !== frame.via[i] || reading.state !== readingStates[frame.states[i]!]) return false;
  return reading.state === 'value'
    ? Object.is(reading.value, frame.values[i]) && reading.derived === (frame.derived[i] === 1)
    : reading.reason === frame.reasons[i];
}

/**
 * Takes a frame into the newest readings. A reading that did not change keeps its object, and the list too if none did:
 * what draws it is not asked again. One of the slow cadence stays until it is read again.
 */
export function withFrame(before: Readings | undefined, frame: Frame): Readings {
  if (!before) return metrics.map(({ key }, i) => ({ reading: readingOf(frame, key), via: frame.via[i]! }));
  let next: Latest[] | undefined;
  for (let i = 0; i < metrics.length; i++) {
    if (readingStates[frame.states[i]!] === 'unread' || isSame(before[i]!, frame, i)) continue;
    next ??= [...before];
    next[i] = { reading: readingOf(frame, metrics[i]!.key), via: frame.via[i]! };
  }
  return next ?? before;
}

export const latestOf = (readings: Readings, key: MetricKey): Latest => readings[metricIndex[key]]!;

export function valueIn(readings: Readings, key: MetricKey): number | undefined {
  const { reading } = latestOf(readings, key);
  return reading.state === 'value' ? reading.value : undefined;
}

/** Whether some of the readings are those of before. */
export const sameReadings = (keys: readonly MetricKey[], before: Readings, next: Readings): boolean =>
  before === next || keys.every((key) => latestOf(before, key) === latestOf(next, key));
