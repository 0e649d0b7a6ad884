import { copyFrame, setValue, valueOf, type Frame } from '../../metrics/frame.ts';
import type { MetricKey } from '../../metrics/metrics.ts';
import type { SessionSample } from './summary.ts';

/** Counters, which run on through gaps. */
const COUNTERS = [
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
] as const satisfies readonly MetricKey[];
/** Readings that are taken as linear between two samples. */
const LEVELS = ['powerW', 'coreTempC'] as const satisfies readonly MetricKey[];

/** The frame at a share of the time between two samples. Where a value is missing in one of them, it is that of `near`. */
function between(a: Frame, b: Frame, share: number, near: Frame, keys: readonly MetricKey[]): Frame {
  const frame = copyFrame(near);
  for (const key of keys) {
    const [before, after] = [valueOf(a, key), valueOf(b, key)];
    if (before === undefined || after === undefined) continue;
    const isReset = after < before && (COUNTERS as readonly MetricKey[]).includes(key);
    setValue(frame, key, isReset ? valueOf(near, key)! : before + (after - before) * share);
  }
  return frame;
}

/**
 * Clips samples to a session that began and ended between two of them: adds a sample at each end, interpolated from the
 * samples on either side. Feed it the samples from some time before the session to some time after it, one by one.
 */
export function createClip(fromMs: number, toMs: number): (sample: SessionSample) => readonly SessionSample[] {
  let before: SessionSample | undefined;
  let begun = false;
  let ended = false;

  return (sample) => {
    const { tsMs, dtMs, frame } = sample;
    const a = before;
    before = sample;
    if (ended || tsMs < fromMs) return [];
    const spanMs = a ? tsMs - a.tsMs : 0;
    const at = (atMs: number, near: Frame): SessionSample => ({
      tsMs: atMs,
      dtMs: undefined,
      frame: between(a!.frame, frame, (atMs - a!.tsMs) / spanMs, near, [...COUNTERS, ...(dtMs ? LEVELS : [])]),
    });
    const startsHere = !begun && a !== undefined && tsMs > fromMs; // a is from before the beginning
    const first = startsHere ? [at(fromMs, frame)] : [];
    begun = true;
    const sinceMs = startsHere ? fromMs : (a?.tsMs ?? tsMs);
    const inside = dtMs === undefined || spanMs <= 0 ? dtMs : Math.min(tsMs, toMs) - sinceMs;
    ended = tsMs >= toMs;
    if (tsMs <= toMs) return [...first, { tsMs, dtMs: inside, frame }];
    return a ? [...first, { ...at(toMs, a.frame), dtMs: inside }] : first;
  };
}
