import { valueOf, type Frame } from '../../metrics/frame.ts';
import type { ThrottleCause } from '../../metrics/throttle-reasons.ts';
import { reasonsIn } from '../../metrics/throttle-reasons.ts';
import type { Band } from '../../wear/exposure-schema.ts';
import { createExposure } from '../../wear/replay.ts';
import { counterRange, createPowerIntegral, trapezoidJ, type Range } from '../energy/energy.ts';
import type { Evidence } from '../programs/match.ts';
import type { AdapterId, WorkloadKind } from '../programs/generators.ts';
import type { Marks, Outputs } from '../adapters/outputs.ts';
import { eachOutputJ } from '../adapters/outputs.ts';
import { shareAt, type ShareSpan } from '../energy/shares.ts';
import { SLOT_MS, type EnergySlot } from '../energy/tariff.ts';

export type SessionSample = { readonly tsMs: number; readonly dtMs: number | undefined; readonly frame: Frame };

/** What a stretch of time did to one GPU. Undefined where nothing was observed. */
export type GpuSummary = {
  readonly gpuUuid: string;
  /** ms between samples, gaps left out */
  readonly observedMs: number;
  /** what this session used by itself: its share where shares are known, nothing of what was used together otherwise */
  readonly energyJ?: number;
  /** where the truth is held to lie: the sensor's ±5 %, and for integrated power what its readings did not see */
  readonly energyRangeJ?: Range;
  /** the card's own counter, or power integrated between samples where it has none */
  readonly energyFrom?: 'counter' | 'power';
  /** used while others worked on the card too and nobody tells who used how much: the same joules stand in others too */
  readonly sharedJ?: number;
  /** energyJ above what the card draws when it idles, and that power */
  readonly aboveIdleJ?: number;
  readonly idleW?: number;
  /** energyJ by quarter of an hour, so that any tariff can price it */
  readonly slots?: readonly EnergySlot[];
  readonly peakTempC?: number;
  readonly meanTempC?: number;
  /** ms that clocks were held down, by cause; undefined where the card does not tell */
  readonly throttledMs?: Readonly<Partial<Record<ThrottleCause, number>>>;
  /** hours at the reference profile, family M1 */
  readonly equivalentHours?: Band;
  /** J of each output whose end was seen, in their order */
  readonly outputsJ?: readonly number[];
};

/** What made the load, as far as it was recognised, and what came of it. */
export type Workload = {
  readonly kind: WorkloadKind;
  /** begun by a person's command, or found by Slowburn */
  readonly found: 'by-hand' | 'detected';
  readonly program?: string;
  readonly evidence?: Evidence;
  readonly model?: string;
  readonly outputs?: Outputs;
  readonly adapter?: AdapterId;
  /** why the program's own figures are missing or not to be trusted, in a sentence */
  readonly note?: string;
  /** the power cap of the run, W: sessions of a sweep are told apart by it */
  readonly capW?: number;
};

export type SessionSummary = { readonly gpus: readonly GpuSummary[]; readonly workload?: Workload };

export type SummaryOptions = {
  /** what the card draws when it idles */
  readonly idleW?: number;
  /** time that one power reading averages over, ms */
  readonly windowMs?: number;
};

const COUNTERS = [
  ['power-cap', 'throttledSwPowerUs'],
  ['heat', 'throttledSwThermalUs'],
  ['heat', 'throttledHwThermalUs'],
  ['power-brake', 'throttledPowerBrakeUs'],
] as const;

type Throttled = Partial<Record<ThrottleCause, number>>;

/** Time held back by cause: the card's counters, and the reasons seen at each sample for what they do not tell. */
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
      // the counters do not tell every cause: what only the mask shows (unclear, a setting) is taken from it
      const all: Throttled = counted
        ? { ...fromReasons, 'power-cap': 0, heat: 0, 'power-brake': 0, ...fromCounters }
        : fromReasons;
      delete all.idle;
      return all;
    },
  };
}

/** A gap longer than this is rather a clock that was set: quarters of an hour are not filled over years. */
const LONGEST_GAP_MS = 31 * 24 * 3_600_000;

/** Energy of a session, split into its own and what nobody can divide, by quarter of an hour, with a running total. */
/** @param timed also keep what it had come to at each sample: for a session that has ended, outputs are read off it */
function createLedger(shares: () => readonly ShareSpan[], timed: boolean) {
  const slots = new Map<number, number>();
  const curve: { readonly tsMs: number; readonly totalJ: number }[] = [];
  let ownJ = 0;
  let ownMs = 0;
  let sharedJ = 0;

  /** Over as many quarters of an hour as it took, evenly: what was used within a gap is not priced at its end. */
  function addToSlots(joules: number, fromMs: number, toMs: number): void {
    for (let atMs = Math.max(fromMs, toMs - LONGEST_GAP_MS); ;) {
      const slot = Math.floor(atMs / SLOT_MS) * SLOT_MS;
      const untilMs = Math.min(toMs, slot + SLOT_MS);
      const part = toMs > fromMs ? (untilMs - atMs) / Math.min(toMs - fromMs, LONGEST_GAP_MS) : 1;
      slots.set(slot, (slots.get(slot) ?? 0) + joules * part);
      if (untilMs >= toMs) return;
      atMs = untilMs;
    }
  }

  return {
    add(joules: number, fromMs: number, toMs: number): void {
      if (timed && curve.length === 0) curve.push({ tsMs: fromMs, totalJ: 0 });
      const share = shareAt(shares(), (fromMs + toMs) / 2);
      if (share === undefined) sharedJ += joules;
      else {
        ownJ += joules * share;
        ownMs += Math.max(0, toMs - fromMs) * share;
        addToSlots(joules * share, Math.min(fromMs, toMs), toMs);
      }
      if (timed) curve.push({ tsMs: toMs, totalJ: ownJ });
    },
    result: () => ({
      ownJ,
      ownMs,
      sharedJ,
      curve,
      slots: [...slots].map(([fromMs, energyJ]): EnergySlot => ({ fromMs, energyJ })),
    }),
  };
}

/**
 * Sums one GPU's samples of a session as they come, in order. Without marks its memory does not grow with them.
 * @param shares who else was on the card, as known by then; without any, it was this session's alone
 * @param marks when its outputs ended
 */
export function createSummary(
  gpuUuid: string,
  shares: () => readonly ShareSpan[],
  { idleW, windowMs = 1000 }: SummaryOptions = {},
  marks?: Marks,
): { readonly add: (sample: SessionSample) => void; readonly result: () => GpuSummary } {
  const fromCounter = createLedger(shares, marks !== undefined);
  const fromPower = createLedger(shares, marks !== undefined);
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
    const dtMs = before ? sample.dtMs : undefined; // what came before the first sample is not part of it
    const tempC = valueOf(frame, 'coreTempC');
    exposure.feedFrame(tsMs, dtMs, frame);
    if (tempC !== undefined) peak = Math.max(peak ?? tempC, tempC);
    const energyMj = valueOf(frame, 'energyMj');
    if (energyMj !== undefined) {
      if (counter !== undefined) {
        counted = true;
        // the counter goes on through gaps; a decrease is a reset, and nothing is subtracted across it
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
    const ledger = energyFrom && (counted ? fromCounter : fromPower).result();
    // a share of a range is that share of both its ends
    const part = integrated && integrated.energyJ > 0 && ledger ? ledger.ownJ / integrated.energyJ : 0;
    return {
      gpuUuid,
      observedMs,
      energyFrom,
      energyJ: ledger?.ownJ,
      energyRangeJ:
        ledger &&
        (counted
          ? counterRange(ledger.ownJ)
          : { low: integrated!.range.low * part, high: integrated!.range.high * part }),
      sharedJ: ledger && ledger.sharedJ > 0 ? ledger.sharedJ : undefined,
      idleW: ledger && idleW,
      aboveIdleJ: ledger && idleW !== undefined ? Math.max(0, ledger.ownJ - (idleW * ledger.ownMs) / 1000) : undefined,
      slots: ledger?.slots,
      peakTempC: peak,
      meanTempC: tempMs > 0 ? tempSum / tempMs : undefined,
      throttledMs: throttled.result(),
      equivalentHours: exposure.summary().families.M1?.equivalentHours,
      outputsJ: ledger && marks && eachOutputJ(marks, ledger.curve),
    };
  }
  return { add, result };
}

/** Sums one GPU's samples of a session that are there already. */
export function summariseGpu(
  gpuUuid: string,
  samples: Iterable<SessionSample>,
  {
    shares = [],
    marks,
    ...options
  }: SummaryOptions & { readonly shares?: readonly ShareSpan[]; readonly marks?: Marks } = {},
): GpuSummary {
  const { add, result } = createSummary(gpuUuid, () => shares, options, marks);
  for (const sample of samples) add(sample);
  return result();
}

const IDLE_UTIL_PCT = 2;
const IDLE_LEAST = 10;

/**
 * What a card draws when it idles: the median power of the samples in which it did nothing. Undefined with fewer than
 * ten of them: a baseline is never guessed.
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
