import { valueOf, type Frame } from '../../metrics/frame.ts';
import { observedBetween } from '../../metrics/observed.ts';
import { createThrottledSum, type SummedCause, type Throttled } from '../../metrics/throttled.ts';
import { createExposure } from '../../wear/replay.ts';
import { counterRange, createPowerIntegral, ENERGY_ERROR, trapezoidJ } from '../energy/energy.ts';
import { createSlots } from '../energy/slots.ts';
import { createActivity } from './activity.ts';
import { createClip, type EdgeError } from './clip.ts';
import { createRecorded } from './recorded.ts';
import type { GpuSummary } from './schema.ts';
import { type Marks, eachOutputJ } from '../adapters/outputs.ts';
import { shareAt, type ShareSpan } from '../energy/shares.ts';

export type SessionSample = { readonly tsMs: number; readonly dtMs: number | undefined; readonly frame: Frame };

export type SummaryOptions = {
  /** W that the card draws when idle */
  readonly idleW?: number;
  /** ms over which one power reading averages */
  readonly windowMs?: number;
  /** when the session began; without it nothing is said about time that was not recorded */
  readonly fromMs?: number;
};

type StoredOptions = SummaryOptions & {
  readonly shares?: readonly ShareSpan[];
  readonly marks?: Marks;
  /** when it ended; without it, at its last sample */
  readonly toMs?: number;
};

/**
 * Sums the energy of a session: its own, by the time of its use, and what cannot be divided.
 * @param timed also keep the total at each sample, to read off the energy of each output
 */
function createEnergySum(shares: () => readonly ShareSpan[], timed: boolean) {
  const slots = createSlots();
  const curve: { readonly tsMs: number; readonly totalJ: number }[] = [];
  let ownJ = 0;
  let ownMs = 0;
  let sharedJ = 0;

  return {
    add(joules: number, fromMs: number, toMs: number): void {
      if (timed && curve.length === 0) curve.push({ tsMs: fromMs, totalJ: 0 });
      const share = shareAt(shares(), (fromMs + toMs) / 2);
      if (share === undefined) sharedJ += joules;
      else {
        ownJ += joules * share;
        ownMs += Math.max(0, toMs - fromMs) * share;
        slots.add(joules * share, Math.min(fromMs, toMs), toMs);
      }
      if (timed) curve.push({ tsMs: toMs, totalJ: ownJ });
    },
    result: () => ({ ownJ, ownMs, sharedJ, curve, slots: slots.result() }),
  };
}

/** ms by cause; undefined where the card reports no throttling at all. */
function throttledMs(sums: Readonly<Partial<Record<SummedCause, Throttled>>>): GpuSummary['throttledMs'] {
  const entries = Object.entries(sums).map(([cause, { ms }]) => [cause, ms] as const);
  return entries.length > 0 ? Object.fromEntries(entries) : undefined;
}

/**
 * Sums one GPU's samples of a session, in order. Without marks its memory does not grow with the number of samples.
 * @param shares the session's shares of the card, as known so far; none: it had the card to itself
 * @param marks when its outputs were complete
 */
export function createSummary(
  gpuUuid: string,
  shares: () => readonly ShareSpan[],
  { idleW, windowMs = 1000, fromMs }: SummaryOptions = {},
  marks?: Marks,
): { readonly add: (sample: SessionSample) => void; readonly result: (toMs?: number) => GpuSummary } {
  const fromCounter = createEnergySum(shares, marks !== undefined);
  const fromPower = createEnergySum(shares, marks !== undefined);
  const integral = createPowerIntegral(windowMs);
  const throttled = createThrottledSum();
  const recorded = createRecorded();
  const exposure = createExposure();
  const activity = createActivity(shares);
  let counted = false;
  let counter: { readonly tsMs: number; readonly mj: number } | undefined;
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
    const energyMj = valueOf(frame, 'energyMj');
    if (energyMj !== undefined) {
      if (counter !== undefined) {
        counted = true;
        // the counter runs on through gaps; a decrease is a reset, across which no difference is taken
        const fromMs = dtMs !== undefined && counter.tsMs === before?.tsMs ? tsMs - dtMs : counter.tsMs;
        fromCounter.add(Math.max(0, energyMj - counter.mj) / 1000, fromMs, tsMs);
      }
      counter = { tsMs, mj: energyMj };
    }
    if (before && dtMs !== undefined) {
      observedMs += observedBetween(before.frame, frame, dtMs);
      const tempBefore = valueOf(before.frame, 'coreTempC');
      if (tempC !== undefined && tempBefore !== undefined) {
        tempMs += dtMs;
        tempSum += ((tempBefore + tempC) / 2) * dtMs;
      }
      const [powerBefore, power] = [valueOf(before.frame, 'powerW'), valueOf(frame, 'powerW')];
      if (powerBefore !== undefined && power !== undefined) {
        integral.add(powerBefore, power, dtMs);
        fromPower.add(trapezoidJ(powerBefore, power, dtMs), tsMs - dtMs, tsMs);
      }
    }
    throttled.add(frame, dtMs);
    recorded.add(sample, dtMs);
    if (before) activity.add(before.frame, frame, dtMs, tsMs);
    before = sample;
  }

  function result(toMs = before?.tsMs): GpuSummary {
    const integrated = integral.result();
    const energyFrom = counted ? 'counter' : integrated ? 'power' : undefined;
    const sum = energyFrom && (counted ? fromCounter : fromPower).result();
    // a share of a range is that share of both its ends
    const part = integrated && integrated.energyJ > 0 && sum ? sum.ownJ / integrated.energyJ : 0;
    const within = fromMs !== undefined && toMs !== undefined ? recorded.within(fromMs, toMs) : undefined;
    const missing = within && within.unrecordedMs > 0 ? within : undefined;
    return {
      gpuUuid,
      observedMs,
      unrecordedMs: missing?.unrecordedMs,
      outputsRecorded: marks && missing?.outputsIn(marks),
      energyFrom,
      energyJ: sum?.ownJ,
      energyRangeJ:
        sum &&
        (counted ? counterRange(sum.ownJ) : { low: integrated!.range.low * part, high: integrated!.range.high * part }),
      sharedJ: sum && sum.sharedJ > 0 ? sum.sharedJ : undefined,
      activeMs: activity.ms(),
      activeJ: activity.partOf(sum?.ownJ),
      idleW: sum && idleW,
      aboveIdleJ: sum && idleW !== undefined ? Math.max(0, sum.ownJ - (idleW * sum.ownMs) / 1000) : undefined,
      slots: sum?.slots,
      peakTempC: peak,
      meanTempC: tempMs > 0 ? tempSum / tempMs : undefined,
      throttledMs: throttledMs(throttled.result()),
      equivalentHours: exposure.summary().families.M1?.equivalentHours,
      outputsJ: sum && marks && eachOutputJ(marks, sum.curve, within),
    };
  }
  return { add, result };
}

/** Widens the range of an energy by what may have been used at the ends of a session. */
const widened = ({ energyRangeJ, ...summary }: GpuSummary, { belowJ, aboveJ }: EdgeError): GpuSummary => ({
  ...summary,
  energyRangeJ: energyRangeJ && {
    low: Math.max(0, energyRangeJ.low - belowJ),
    high: energyRangeJ.high + aboveJ / (1 - ENERGY_ERROR),
  },
});

/** How far from a session the nearest sample on either side may be: twice the longest interval. */
export const EDGE_MS = 10_000;

/** Sums one GPU's samples of a session whose exact ends are known. The samples reach EDGE_MS beyond both ends. */
export function summariseClipped(
  gpuUuid: string,
  samples: Iterable<SessionSample>,
  { fromMs, toMs, ...options }: StoredOptions & { readonly fromMs: number; readonly toMs: number },
): GpuSummary {
  const { clip, edge } = createClip(fromMs, toMs);
  const summary = summariseGpu(gpuUuid, clip(samples), { fromMs, toMs, ...options });
  return widened(summary, edge());
}

/** Sums one GPU's stored samples of a session. */
export function summariseGpu(
  gpuUuid: string,
  samples: Iterable<SessionSample>,
  { shares = [], marks, toMs, ...options }: StoredOptions = {},
): GpuSummary {
  const { add, result } = createSummary(gpuUuid, () => shares, options, marks);
  for (const sample of samples) add(sample);
  return result(toMs);
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
