import { copyFrame, setValue, valueOf, type Frame } from '../../metrics/frame.ts';
import type { MetricKey } from '../../metrics/metrics.ts';
import type { SessionSample } from './summary.ts';

/** J by which a sum over clipped samples may differ from the true energy, because it began or ended between samples. */
export type EdgeError = { readonly belowJ: number; readonly aboveJ: number };

/** Counters, which run on through gaps. */
const COUNTERS = [
  'energyMj',
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
 * samples on either side. Feed it the samples from some time before the session to some time after it.
 */
export function createClip(fromMs: number, toMs: number) {
  let belowJ = 0;
  let aboveJ = 0;

  /** A session gets a share of the energy between two samples: in truth it may have used none of it, or all. */
  function noteEdge(a: Frame, b: Frame, share: number): void {
    const [before, after] = [valueOf(a, 'energyMj'), valueOf(b, 'energyMj')];
    if (before === undefined || after === undefined || after < before) return;
    belowJ += ((after - before) / 1000) * share;
    aboveJ += ((after - before) / 1000) * (1 - share);
  }

  /** The card may have drawn up to its power limit while it was not observed. */
  function noteUnseen(frame: Frame, ms: number): void {
    const limitW = valueOf(frame, 'powerLimitW') ?? valueOf(frame, 'powerMaxLimitW') ?? valueOf(frame, 'powerW') ?? 0;
    aboveJ += (limitW * Math.max(0, ms)) / 1000;
  }

  function* clip(samples: Iterable<SessionSample>): Generator<SessionSample> {
    let before: SessionSample | undefined;
    let begun = false;
    for (const sample of samples) {
      const { tsMs, dtMs, frame } = sample;
      const a = before;
      before = sample;
      if (tsMs < fromMs) continue;
      const spanMs = a ? tsMs - a.tsMs : 0;
      const at = (atMs: number, near: Frame): SessionSample => ({
        tsMs: atMs,
        dtMs: undefined,
        frame: between(a!.frame, frame, (atMs - a!.tsMs) / spanMs, near, [...COUNTERS, ...(dtMs ? LEVELS : [])]),
      });
      const startsHere = !begun && a !== undefined && spanMs > 0 && tsMs > fromMs;
      if (!begun && a === undefined) noteUnseen(frame, Math.min(tsMs, toMs) - fromMs);
      if (startsHere) yield at(fromMs, frame);
      begun = true;
      const sinceMs = startsHere ? fromMs : (a?.tsMs ?? tsMs);
      const untilMs = Math.min(tsMs, toMs);
      const inside = dtMs === undefined || spanMs <= 0 ? dtMs : untilMs - sinceMs;
      if (a && spanMs > 0 && (startsHere || tsMs > toMs)) noteEdge(a.frame, frame, (untilMs - sinceMs) / spanMs);
      if (tsMs <= toMs) {
        yield { tsMs, dtMs: inside, frame };
        if (tsMs === toMs) return;
        continue;
      }
      if (a && spanMs > 0) yield { ...at(toMs, a.frame), dtMs: inside };
      return;
    }
    if (before) noteUnseen(before.frame, toMs - Math.max(before.tsMs, fromMs));
  }

  return { clip, edge: (): EdgeError => ({ belowJ, aboveJ }) };
}
