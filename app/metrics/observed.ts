import { valueOf, type Frame } from './frame.ts';
import type { MetricKey } from './metrics.ts';

/**
 * Whether the time between two samples was observed for a metric: it had a value at both ends, and no gap lies between.
 * The only rule for this: sessions, reports, the history and wear count time by it.
 * @param before value at the earlier sample; NaN: none
 * @param now value at the later sample; NaN: none
 * @param dtMs time between them; NaN: a gap
 */
export const isObserved = (before: number, now: number, dtMs: number): boolean =>
  dtMs >= 0 && !Number.isNaN(before) && !Number.isNaN(now);

/** A card is observed while it gives at least one of these. */
export const usualReadings = [
  'coreTempC',
  'powerW',
  'energyMj',
  'gpuUtilPct',
  'vramUsedBytes',
] as const satisfies readonly MetricKey[];

/** A reading as a number; NaN: none. */
export const orNone = (frame: Frame, key: MetricKey): number => valueOf(frame, key) ?? Number.NaN;

/** ms between two samples of a card for which it was observed: all of it or nothing. */
export const observedBetween = (before: Frame, now: Frame, dtMs: number | undefined): number =>
  dtMs !== undefined && usualReadings.some((key) => isObserved(orNone(before, key), orNone(now, key), dtMs)) ? dtMs : 0;
