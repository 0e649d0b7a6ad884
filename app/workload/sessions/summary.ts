import { valueOf } from '../../metrics/frame.ts';
import { observedBetween } from '../../metrics/observed.ts';
import { createThrottledSum, type SummedCause, type Throttled } from '../../metrics/throttled.ts';
import { createExposure } from '../../wear/replay.ts';
import { createSessionEnergy, type EnergySample } from '../energy/session-energy.ts';
import { OPEN, type Ends } from '../energy/span.ts';
import { createActivity } from './activity.ts';
import { createClip } from './clip.ts';
import { createRecorded, type Recorded } from './recorded.ts';
import type { GpuSummary } from './schema.ts';
import { type Marks, eachOutputJ } from '../adapters/outputs.ts';
import type { ShareSpan } from '../energy/shares.ts';

export type SessionSample = EnergySample;

export type SummaryOptions = {
  /** when the session began and ended; if not given: at its first and last sample, and nothing is said about unrecorded time */
  readonly ends?: Ends;
  /** W that the card draws when idle */
  readonly idleW?: number;
  /** ms over which one power reading averages */
  readonly windowMs?: number;
};

type StoredOptions = SummaryOptions & { readonly shares?: readonly ShareSpan[]; readonly marks?: Marks };

/** ms by cause; undefined where the card reports no throttling at all. */
function throttledMs(sums: Readonly<Partial<Record<SummedCause, Throttled>>>): GpuSummary['throttledMs'] {
  const entries = Object.entries(sums).map(([cause, { ms }]) => [cause, ms] as const);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/**
 * Sums one GPU's samples of a session, in order. They reach EDGE_MS beyond both of its ends, where there are any. Without
 * marks its memory does not grow with the number of samples.
 * @param shares the session's shares of the card, as known so far; none: it had the card to itself
 * @param marks when its outputs were complete
 * @returns `result`: up to `untilMs` while the session runs
 */
export function createSummary(
  gpuUuid: string,
  shares: () => readonly ShareSpan[],
  { idleW, windowMs = 1000, ends = OPEN }: SummaryOptions = {},
  marks?: Marks,
): { readonly add: (sample: SessionSample) => void; readonly result: (untilMs?: number) => GpuSummary } {
  const energy = createSessionEnergy(ends, windowMs, shares, marks !== undefined);
  const clip = createClip(ends.fromMs, ends.toMs);
  const throttled = createThrottledSum();
  const recorded = createRecorded();
  const exposure = createExposure();
  const activity = createActivity(shares);
  let tempMs = 0;
  let tempSum = 0;
  let observedMs = 0;
  let peak: number | undefined;
  let before: SessionSample | undefined;

  function add(sample: SessionSample): void {
    const { tsMs, frame } = sample;
    const dtMs = before ? sample.dtMs : undefined; // the time before the first sample is not part of the session
    const tempC = valueOf(frame, 'coreTempC');
    exposure.feedFrame(tsMs, dtMs, frame);
    if (tempC !== undefined) peak = Math.max(peak ?? tempC, tempC);
    if (before && dtMs !== undefined) {
      observedMs += observedBetween(before.frame, frame, dtMs);
      const tempBefore = valueOf(before.frame, 'coreTempC');
      if (tempC !== undefined && tempBefore !== undefined) {
        tempMs += dtMs;
        tempSum += ((tempBefore + tempC) / 2) * dtMs;
      }
    }
    throttled.add(frame, dtMs);
    recorded.add(sample, dtMs);
    if (before) activity.add(before.frame, frame, dtMs, tsMs);
    before = sample;
  }

  /** What was recorded of the session; undefined where it is not known when it began. */
  function recordedWithin(untilMs = before?.tsMs): Recorded | undefined {
    const toMs = Number.isFinite(ends.toMs) ? ends.toMs : untilMs;
    return Number.isFinite(ends.fromMs) && toMs !== undefined ? recorded.within(ends.fromMs, toMs) : undefined;
  }

  function result(untilMs?: number): GpuSummary {
    const used = energy.result();
    const { ownJ = undefined, ownMs = 0, sharedJ = 0, slots = undefined, curve = [] } = used?.sum ?? {};
    const within = recordedWithin(untilMs);
    const missing = within && within.unrecordedMs > 0 ? within : undefined;
    return {
      gpuUuid,
      observedMs,
      unrecordedMs: missing?.unrecordedMs,
      outputsRecorded: marks && missing?.outputsIn(marks),
      energyFrom: used?.from,
      energyWhy: used?.why,
      energyJ: ownJ,
      energyRangeJ: used?.rangeJ,
      unseen: used?.unseen,
      sharedJ: sharedJ > 0 ? sharedJ : undefined,
      activeMs: activity.ms(),
      activeJ: activity.partOf(ownJ),
      idleW: used && idleW,
      aboveIdleJ: ownJ !== undefined && idleW !== undefined ? Math.max(0, ownJ - (idleW * ownMs) / 1000) : undefined,
      slots,
      peakTempC: peak,
      meanTempC: tempMs > 0 ? tempSum / tempMs : undefined,
      throttledMs: throttledMs(throttled.result()),
      equivalentHours: exposure.summary().families.M1?.equivalentHours,
      outputsJ: used && marks && eachOutputJ(marks, curve, within),
    };
  }
  return {
    add(sample): void {
      energy.add(sample);
      clip(sample).forEach(add);
    },
    result,
  };
}

/** How far from a session the nearest sample on either side may be: twice the longest interval. */
export const EDGE_MS = 10_000;

/** Sums one GPU's stored samples of a session. */
export function summariseGpu(
  gpuUuid: string,
  samples: Iterable<SessionSample>,
  { shares = [], marks, ...options }: StoredOptions = {},
): GpuSummary {
  const { add, result } = createSummary(gpuUuid, () => shares, options, marks);
  for (const sample of samples) add(sample);
  return result();
}

const IDLE_UTIL_PCT = 2;
const IDLE_LEAST = 10;

/**
 * W that a card draws when idle: the median power of the samples in which it did nothing. Undefined with fewer than ten
 * of them: a baseline is never guessed.
 */
export function idlePowerW(samples: Iterable<SessionSample>): number | undefined {
  const powers: number[] = [];
  for (const { frame } of samples) {
    const [util, powerW] = [valueOf(frame, 'gpuUtilPct'), valueOf(frame, 'powerW')];
    if (util !== undefined && util <= IDLE_UTIL_PCT && powerW !== undefined) powers.push(powerW);
  }
  if (powers.length < IDLE_LEAST) return undefined;
  return powers.sort((a, b) => a - b)[Math.floor(powers.length / 2)];
}
