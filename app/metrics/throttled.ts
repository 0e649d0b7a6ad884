import type { Frame } from './frame.ts';
import type { MetricKey } from './metrics.ts';
import { isObserved, orNone } from './observed.ts';
import { throttleReasons, type NamedReason, type ThrottleCause, type ThrottleReason } from './throttle-reasons.ts';

/** Causes whose time is added up. An idle card is not throttled. */
export const throttleCauses = [
  'power-cap',
  'heat',
  'power-brake',
  'setting',
  'unclear',
] as const satisfies readonly ThrottleCause[];
export type SummedCause = (typeof throttleCauses)[number];

/** Causes that cards have counters for. The history and wear keep their time. */
export const countedCauses = ['power-cap', 'heat', 'power-brake'] as const satisfies readonly SummedCause[];
export type CountedCause = (typeof countedCauses)[number];

/** Throttled time, and the time for which it is known whether the card was throttled. */
export type Throttled = { readonly ms: number; readonly knownMs: number };

const reasons: readonly ThrottleReason[] = throttleReasons;
const MASK = 'throttleReasons' satisfies MetricKey;

/** The readings that throttled time is decided from: the mask of reasons, then the counters. */
export const throttleReadings = [
  MASK,
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
  'throttledSyncBoostUs',
] as const satisfies readonly MetricKey[];

/** A cause, or one of its reasons by name. */
export type ThrottledBy = SummedCause | NamedReason;

/** The bit of each reason of a cause, and the position of its counter; −1: it has none. */
const rowOf = (by: ThrottledBy) =>
  reasons
    .filter(({ cause, name }) => cause === by || name === by)
    .map(({ bit, counter }) => ({ bit, at: (throttleReadings as readonly string[]).indexOf(counter ?? '') }));

/**
 * Decides, for each interval between two samples, how long each cause throttled the card. The only place that does.
 *
 * A reason's time is the growth of its counter where both samples have it. Where they do not, or the counter was reset,
 * the mask decides: half of the interval belongs to each end. A cause is known where one of its reasons is. Its reasons
 * may overlap, so together they take no longer than the interval, unless one counter alone says so: counters are read a
 * moment before or after the clock.
 */
export type ThrottleMeter = {
  /** Put the readings of a sample here, in the order of `throttleReadings`, NaN where there is none. Then call `step`. */
  readonly next: Float64Array;
  /** readings of the sample before */
  readonly before: Float64Array;
  /**
   * Ends the interval at the sample in `next`.
   * @param dtMs its length; NaN: a gap
   * @returns µs by cause, in the order of the causes; NaN: not known. Valid until the next call.
   */
  readonly step: (dtMs: number) => Float64Array;
};

/** @param causes those to decide, or single reasons: fewer take less time per sample */
export function createThrottleMeter(causes: readonly ThrottledBy[] = throttleCauses): ThrottleMeter {
  const rows = causes.map(rowOf);
  const next = new Float64Array(throttleReadings.length).fill(Number.NaN);
  const before = new Float64Array(throttleReadings.length).fill(Number.NaN);
  const us = new Float64Array(causes.length);

  function causeUs(row: ReturnType<typeof rowOf>, dtMs: number): number {
    let sum = 0;
    let most = 0;
    let uncounted = 0;
    let known = false;
    for (const { bit, at } of row) {
      const grown = at >= 0 && isObserved(before[at]!, next[at]!, dtMs) ? next[at]! - before[at]! : -1;
      if (grown < 0) uncounted |= bit;
      else {
        sum += grown;
        most = Math.max(most, grown);
        known = true;
      }
    }
    if (uncounted !== 0 && isObserved(before[0]!, next[0]!, dtMs)) {
      known = true;
      const ends = ((before[0]! & uncounted) === 0 ? 0 : 1) + ((next[0]! & uncounted) === 0 ? 0 : 1);
      sum += Math.round(ends * dtMs * 500);
    }
    return known ? Math.min(sum, Math.max(most, Math.round(dtMs * 1000))) : Number.NaN;
  }

  return {
    next,
    before,
    step(dtMs) {
      for (let c = 0; c < us.length; c++) us[c] = causeUs(rows[c]!, dtMs);
      before.set(next);
      return us;
    },
  };
}

/** Throttled time of consecutive samples, by cause. */
export function createThrottledSum() {
  const meter = createThrottleMeter();
  const ms = new Float64Array(throttleCauses.length);
  const knownMs = new Float64Array(throttleCauses.length);
  return {
    add(frame: Frame, dtMs: number | undefined): void {
      throttleReadings.forEach((key, i) => (meter.next[i] = orNone(frame, key)));
      meter.step(dtMs ?? Number.NaN).forEach((us, c) => {
        if (Number.isNaN(us)) return;
        ms[c]! += us / 1000;
        knownMs[c]! += dtMs!;
      });
    },
    /** A cause that was never known is absent. */
    result: (): Readonly<Partial<Record<SummedCause, Throttled>>> =>
      Object.fromEntries(
        throttleCauses.flatMap((cause, c) =>
          knownMs[c]! > 0 ? [[cause, { ms: ms[c]!, knownMs: knownMs[c]! }] as const] : [],
        ),
      ),
  };
}
