import { throttleCauses, type SummedCause } from '../../metrics/throttled.ts';
import type { ThrottleCause } from '../../metrics/throttle-reasons.ts';
import type { Band } from '../../wear/exposure.ts';
import type { EnergyWhy, Range } from '../energy/schema.ts';
import type { Unseen } from '../energy/span.ts';
import type { Outputs, GpuSummary, Workload } from './schema.ts';
import { co2GramsOf, pricedShare, priceSlots, sumPriced, type Priced, type Tariff } from '../energy/tariff.ts';
import {
  costState,
  energyState,
  isShown,
  partState,
  perOutputState,
  sumState,
  type FigureState,
} from './figure-states.ts';

export type Money = Tariff & { readonly co2GramsPerKwh: number | null };

/** Energy and cost of a whole session, or per output. Undefined: withheld (see the states), or no CO₂ figure is set. */
export type Cost = {
  readonly energyJ?: number;
  readonly rangeJ?: Range;
  readonly aboveIdleJ?: number;
  readonly cost?: number;
  readonly co2G?: number;
};

/**
 * A session in one set of figures over all its cards. This is the one definition of each of them, for the window, the
 * command line and exports:
 * - The **whole session** is from its first to its last work, with the pauses between.
 * - **Active time** is when the card worked: it was at least LOADED_UTIL_PCT busy. A chat spends much of its session reading.
 * - **Per output** is the energy of either, divided by the outputs. Of tokens, the generated ones are outputs.
 * - **tok/s** is generated tokens by the time that the server was generating (session-outputs.ts), else by active time.
 */
export type Figures = Cost & {
  readonly sharedJ?: number;
  /** share of the energy that has a price, 0–1, where that is not all of it: then no cost is given */
  readonly pricedShare?: number;
  readonly energyFrom?: 'counter' | 'power';
  /** of the first card whose counter and power contradict each other */
  readonly energyWhy?: EnergyWhy;
  /** of all cards together; the time is that of the card that was seen least */
  readonly unseen?: Unseen;
  readonly peakTempC?: number;
  readonly meanTempC?: number;
  readonly throttledMs?: Readonly<Partial<Record<ThrottleCause, number>>>;
  /** of the most stressed card */
  readonly equivalentHours?: Band;
  readonly outputs?: Outputs;
  /** per output, of the whole session */
  readonly each?: Cost & { readonly ms: number };
  /** energy per output, where a part of the session was not recorded */
  readonly eachRecorded?: {
    /** longest time of a card whose energy is not known */
    readonly unrecordedMs: number;
    /** outputs of recorded time, by which the energy is divided; undefined: not known, so no figure is given */
    readonly outputs: number | undefined;
  };
  /** per output, of active time */
  readonly eachActive?: { readonly energyJ: number; readonly ms: number };
  /** ms in which the card worked for it, and J of `energyJ` in that time */
  readonly activeMs?: number;
  readonly activeJ?: number;
  readonly states: {
    readonly energy: FigureState;
    readonly cost: FigureState;
    readonly active: FigureState;
    readonly perOutput: FigureState;
    readonly perOutputActive: FigureState;
    readonly costPerOutput: FigureState;
    /** by cause: a cause that a card does not report has no time of 0 */
    readonly throttled: Readonly<Record<SummedCause, FigureState>>;
    readonly stress: FigureState;
  };
  readonly outputsPerHour?: number;
  readonly speed?: Outputs['speed'];
  /** lowest, median and highest J of the outputs whose ends were observed */
  readonly spreadJ?: { readonly low: number; readonly median: number; readonly high: number };
};

type Summed = {
  readonly startedMs: number;
  readonly endedMs: number | null;
  readonly summary: { readonly gpus: readonly GpuSummary[]; readonly workload?: Workload } | null;
};

/** Sum over cards; undefined if any value is missing, because a partial sum is not a sum. */
function sumOf(gpus: readonly GpuSummary[], pick: (gpu: GpuSummary) => number | undefined): number | undefined {
  let sum = 0;
  for (const gpu of gpus) {
    const value = pick(gpu);
    if (value === undefined) return undefined;
    sum += value;
  }
  return gpus.length > 0 ? sum : undefined;
}

/** Undefined where the energy of a card is not known. */
function pricedOf(gpus: readonly GpuSummary[], money: Money): Priced | undefined {
  if (gpus.length === 0 || gpus.some(({ slots }) => !slots || slots.length === 0)) return undefined;
  return sumPriced(gpus.map(({ slots }) => priceSlots(slots!, money)));
}

const largest = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
};

function throttledOf(gpus: readonly GpuSummary[]): Figures['throttledMs'] {
  const reported = gpus.flatMap(({ throttledMs }) => (throttledMs ? [throttledMs] : []));
  if (reported.length === 0) return undefined;
  const sum: Partial<Record<ThrottleCause, number>> = {};
  for (const causes of reported)
    for (const [cause, ms] of Object.entries(causes) as [ThrottleCause, number][]) sum[cause] = (sum[cause] ?? 0) + ms;
  return sum;
}

const throttledStates = (gpus: readonly GpuSummary[]) =>
  Object.fromEntries(
    throttleCauses.map((cause) => [cause, sumState(gpus.map(({ throttledMs }) => throttledMs?.[cause]))]),
  ) as Record<SummedCause, FigureState>;

/** Why there is no energy of active time: the load is not reported, or there was none. */
const observedState = (activeMs: number | undefined): FigureState =>
  activeMs === undefined ? 'not-reported' : 'not-observed';

/** Mean of the cards' means, weighted by the time each was observed. */
function meanOf(gpus: readonly GpuSummary[]): number | undefined {
  const known = gpus.filter((gpu) => gpu.meanTempC !== undefined && gpu.observedMs > 0);
  const ms = known.reduce((sum, gpu) => sum + gpu.observedMs, 0);
  return ms > 0 ? known.reduce((sum, gpu) => sum + gpu.meanTempC! * gpu.observedMs, 0) / ms : undefined;
}

function unseenOf(gpus: readonly GpuSummary[]): Unseen | undefined {
  const unseen = gpus.flatMap((gpu) => gpu.unseen ?? []);
  if (unseen.length === 0) return undefined;
  return {
    ms: Math.max(...unseen.map(({ ms }) => ms)),
    energyJ: unseen.reduce((sum, { energyJ }) => sum + energyJ, 0),
  };
}

function spreadOf(gpus: readonly GpuSummary[]): Figures['spreadJ'] {
  const each = gpus.length === 1 ? (gpus[0]!.outputsJ ?? []) : [];
  if (each.length < 2) return undefined;
  const sorted = [...each].sort((a, b) => a - b);
  return { low: sorted[0]!, median: sorted[Math.floor(sorted.length / 2)]!, high: sorted.at(-1)! };
}

/** What is known of the outputs where a part of the session was not recorded; undefined: all of it was. */
function recordedOf(gpus: readonly GpuSummary[]): Figures['eachRecorded'] {
  const missing = gpus.filter(({ unrecordedMs = 0 }) => unrecordedMs > 0);
  if (missing.length === 0) return undefined;
  const counts = missing.flatMap(({ outputsRecorded }) => outputsRecorded ?? []);
  return {
    unrecordedMs: Math.max(...missing.map(({ unrecordedMs = 0 }) => unrecordedMs)),
    // the energy of several cards is a sum, which holds only for the outputs that all of them recorded
    outputs: counts.length === gpus.length && new Set(counts).size === 1 ? counts[0] : undefined,
  };
}

const divided = ({ energyJ, rangeJ, aboveIdleJ, cost, co2G }: Cost, count: number): Cost => {
  const of = (value: number | undefined) => (value === undefined ? undefined : value / count);
  return {
    energyJ: of(energyJ),
    rangeJ: rangeJ && { low: rangeJ.low / count, high: rangeJ.high / count },
    aboveIdleJ: of(aboveIdleJ),
    cost: of(cost),
    co2G: of(co2G),
  };
};

/** The figures of a session, at the given prices: a changed tariff applies to old sessions too. */
export function figuresOf({ startedMs, endedMs, summary }: Summed, money: Money): Figures {
  const gpus = summary?.gpus ?? [];
  const outputs = summary?.workload?.outputs;
  const ownJ = sumOf(gpus, (gpu) => gpu.energyJ);
  const sharedJ = gpus.some((gpu) => gpu.sharedJ) ? gpus.reduce((sum, gpu) => sum + (gpu.sharedJ ?? 0), 0) : undefined;
  const energy = energyState(ownJ, sharedJ);
  const energyJ = isShown(energy) ? ownJ : undefined;
  const low = sumOf(gpus, (gpu) => gpu.energyRangeJ?.low);
  const high = sumOf(gpus, (gpu) => gpu.energyRangeJ?.high);
  const priced = energyJ === undefined ? undefined : pricedOf(gpus, money);
  const share = priced && pricedShare(priced);
  const whole: Cost =
    energyJ === undefined
      ? {}
      : {
          energyJ,
          rangeJ: low !== undefined && high !== undefined ? { low, high } : undefined,
          aboveIdleJ: sumOf(gpus, (gpu) => gpu.aboveIdleJ),
          cost: share === 1 ? priced!.cost : undefined,
          co2G: co2GramsOf(energyJ, money.co2GramsPerKwh),
        };
  // while it is running: the time that its summary covers so far
  const tookMs = endedMs === null ? (largest(gpus.map((gpu) => gpu.observedMs)) ?? 0) : endedMs - startedMs;
  // of several kinds of output nothing tells which used what
  const counted = outputs && !outputs.others && outputs.count > 0 ? outputs : undefined;
  const activeMs = largest(gpus.map((gpu) => gpu.activeMs));
  const activeJ = energyJ === undefined ? undefined : sumOf(gpus, (gpu) => gpu.activeJ);
  const cost = costState(energy, whole.cost);
  const throttledMs = throttledOf(gpus);
  const eachRecorded = counted && energyJ !== undefined ? recordedOf(gpus) : undefined;
  const dividedBy = eachRecorded ? (eachRecorded.outputs ?? 0) : (counted?.count ?? 0);
  const stateOf = (state: FigureState): FigureState =>
    counted && isShown(state) && dividedBy === 0 ? 'not-recorded' : perOutputState(state, outputs);
  const perOutput = stateOf(energy);
  const eachActive =
    dividedBy > 0 && activeMs && activeJ ? { energyJ: activeJ / dividedBy, ms: activeMs / dividedBy } : undefined;
  const active = partState(energy, activeJ);
  const worst = gpus.reduce<Band | undefined>(
    (most, { equivalentHours }) =>
      equivalentHours && equivalentHours.mid > (most?.mid ?? -1) ? equivalentHours : most,
    undefined,
  );
  return {
    ...whole,
    ...(share !== undefined && share > 0 && share < 1 && { pricedShare: share }),
    sharedJ,
    energyWhy: gpus.find((gpu) => gpu.energyWhy)?.energyWhy,
    unseen: unseenOf(gpus),
    energyFrom: gpus.some((gpu) => gpu.energyFrom === 'power') ? 'power' : gpus[0]?.energyFrom,
    peakTempC: largest(gpus.map((gpu) => gpu.peakTempC)),
    meanTempC: meanOf(gpus),
    throttledMs,
    equivalentHours: worst,
    outputs,
    each: counted && { ...(dividedBy > 0 && divided(whole, dividedBy)), ms: tookMs / counted.count },
    eachRecorded,
    eachActive,
    activeMs,
    activeJ,
    states: {
      energy,
      cost,
      active,
      perOutput,
      perOutputActive: isShown(perOutput) && !eachActive ? observedState(activeMs) : perOutput,
      costPerOutput: stateOf(cost),
      throttled: throttledStates(gpus),
      stress: worst ? 'modelled' : 'not-observed',
    },
    outputsPerHour: counted && tookMs > 0 ? (counted.count / tookMs) * 3_600_000 : undefined,
    speed:
      outputs?.speed ??
      (counted?.unit === 'token' && activeMs && energy === 'known' // alone: others keep the card busy for themselves
        ? { value: (counted.count / activeMs) * 1000, unit: 'tok/s' }
        : undefined),
    spreadJ: spreadOf(gpus),
  };
}
