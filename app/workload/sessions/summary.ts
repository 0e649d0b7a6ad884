import { valueOf, type Frame } from '../../metrics/frame.ts';
import type { ThrottleCause } from '../../metrics/throttle-reasons.ts';
import { reasonsIn } from '../../metrics/throttle-reasons.ts';
import { createExposure } from '../../wear/replay.ts';
import { counterRange, createPowerIntegral, ENERGY_ERROR, trapezoidJ } from '../energy/energy.ts';
import { createSlots } from '../energy/slots.ts';
import { createClip, type EdgeError } from './clip.ts';
import type { GpuSummary } from './schema.ts';
import { type Marks, eachOutputJ } from '../adapters/outputs.ts';
import { shareAt, type ShareSpan } from '../energy/shares.ts';

export type SessionSample = { readonly tsMs: number; readonly dtMs: number | undefined; readonly frame: Frame };

export type SummaryOptions = {
  /** W that the card draws when idle */
  readonly idleW?: number;
  /** ms over which one power reading averages */
  readonly windowMs?: number;
};

type StoredOptions = SummaryOptions & { readonly shares?: readonly ShareSpan[]; readonly marks?: Marks };

const COUNTERS = [
  ['power-cap', 'throttledSwPowerUs'],
  ['heat', 'throttledSwThermalUs'],
  ['heat', 'throttledHwThermalUs'],
  ['power-brake', 'throttledPowerBrakeUs'],
] as const;

type Throttled = Partial<Record<ThrottleCause, number>>;

/** Throttled time by cause, from the card's counters, and from the reasons at each sample for other causes. */
function createThrottled() {
  const fromCounters: Throttled = {};
  const fromReasons: Throttled = {};
  let counted = false;
  let reasoned = false;
  return {
    add(before: Frame, frame: Frame, dtMs: number | undefined): void {
      const mask = valueOf(frame, 'throttleReasons');
      if (mask !== undefined && dtMs !== undefined) {
        reasoned = true;
        const causes = new Set(reasonsIn(mask).map(({ cause }) => cause));
        for (const cause of causes) fromReasons[cause] = (fromReasons[cause] ?? 0) + dtMs;
      }
      for (const [cause, key] of COUNTERS) {
        const [a, b] = [valueOf(before, key), valueOf(frame, key)];
        if (a === undefined || b === undefined) continue;
        counted = true;
        if (b >= a) fromCounters[cause] = (fromCounters[cause] ?? 0) + (b - a) / 1000; // a decrease is a reset
      }
    },
    result(): Throttled | undefined {
      if (!counted && !reasoned) return undefined;
      // counters exist for some causes only; others (unclear, a setting) come from the reasons
      const all: Throttled = counted
        ? { ...fromReasons, 'power-cap': 0, heat: 0, 'power-brake': 0, ...fromCounters }
        : fromReasons;
      delete all.idle;
      return all;
    },
  };
}

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

/**
 * Sums one GPU's samples of a session, in order. Without marks its memory does not grow with the number of samples.
 * @param shares the session's shares of the card, as known so far; none: it had the card to itself
 * @param marks when its outputs were complete
 */
export function createSummary(
  gpuUuid: string,
  shares: () => readonly ShareSpan[],
  { idleW, windowMs = 1000 }: SummaryOptions = {},
  marks?: Marks,
): { readonly add: (sample: SessionSample) => void; readonly result: () => GpuSummary } {
  const fromCounter = createEnergySum(shares, marks !== undefined);
  const fromPower = createEnergySum(shares, marks !== undefined);
  const integral = createPowerIntegral(windowMs);
  const throttled = createThrottled();
  const exposure = createExposure();
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
      observedMs += dtMs;
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
    if (before) throttled.add(before.frame, frame, dtMs);
    before = sample;
  }

  function result(): GpuSummary {
    const integrated = integral.result();
    const energyFrom = counted ? 'counter' : integrated ? 'power' : undefined;
    const sum = energyFrom && (counted ? fromCounter : fromPower).result();
    // a share of a range is that share of both its ends
    const part = integrated && integrated.energyJ > 0 && sum ? sum.ownJ / integrated.energyJ : 0;
    return {
      gpuUuid,
      observedMs,
      energyFrom,
      energyJ: sum?.ownJ,
      energyRangeJ:
        sum &&
        (counted ? counterRange(sum.ownJ) : { low: integrated!.range.low * part, high: integrated!.range.high * part }),
      sharedJ: sum && sum.sharedJ > 0 ? sum.sharedJ : undefined,
      idleW: sum && idleW,
      aboveIdleJ: sum && idleW !== undefined ? Math.max(0, sum.ownJ - (idleW * sum.ownMs) / 1000) : undefined,
      slots: sum?.slots,
      peakTempC: peak,
      meanTempC: tempMs > 0 ? tempSum / tempMs : undefined,
      throttledMs: throttled.result(),
      equivalentHours: exposure.summary().families.M1?.equivalentHours,
      outputsJ: sum && marks && eachOutputJ(marks, sum.curve),
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
  const summary = summariseGpu(gpuUuid, clip(samples), options);
  return widened(summary, edge());
}

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
