import type { ThrottleCause } from '../../metrics/throttle-reasons.ts';
import type { Band } from '../../wear/exposure.ts';
import type { EnergyWhy, Range } from '../energy/schema.ts';
import type { Unseen } from '../energy/span.ts';
import type { Outputs, GpuSummary, Workload } from './schema.ts';
import { co2GramsOf, pricedShare, priceSlots, sumPriced, type Priced, type Tariff } from '../energy/tariff.ts';

export type Money = Tariff & { readonly co2GramsPerKwh: number | null };

/** Energy and cost of a whole session, or per output. Undefined: not observed, or no price or CO₂ figure is set. */
export type Cost = {
  readonly energyJ?: number;
  readonly rangeJ?: Range;
  readonly aboveIdleJ?: number;
  readonly cost?: number;
  readonly co2G?: number;
};

/** A session in one set of figures over all its cards, for tables and comparisons. */
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
  readonly each?: Cost & { readonly ms: number };
  readonly outputsPerHour?: number;
  /** as the program reports it, or tokens over the time of the session */
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

const perOutput = ({ energyJ, rangeJ, aboveIdleJ, cost, co2G }: Cost, count: number): Cost => {
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
  const energyJ = sumOf(gpus, (gpu) => gpu.energyJ);
  const low = sumOf(gpus, (gpu) => gpu.energyRangeJ?.low);
  const high = sumOf(gpus, (gpu) => gpu.energyRangeJ?.high);
  const priced = pricedOf(gpus, money);
  const share = priced && pricedShare(priced);
  const whole: Cost = {
    energyJ,
    rangeJ: low !== undefined && high !== undefined ? { low, high } : undefined,
    aboveIdleJ: sumOf(gpus, (gpu) => gpu.aboveIdleJ),
    cost: share === 1 ? priced!.cost : undefined,
    co2G: energyJ === undefined ? undefined : co2GramsOf(energyJ, money.co2GramsPerKwh),
  };
  // while it is running: the time that its summary covers so far
  const tookMs = endedMs === null ? (largest(gpus.map((gpu) => gpu.observedMs)) ?? 0) : endedMs - startedMs;
  // of several kinds of output nothing tells which used what
  const counted = outputs && !outputs.others && outputs.count > 0 && tookMs > 0 ? outputs : undefined;
  // outputs cost energy: 0 J means that all of it was shared, so no figure per output is known
  const shown = energyJ !== undefined && energyJ > 0;
  const worst = gpus.reduce<Band | undefined>(
    (most, { equivalentHours }) =>
      equivalentHours && equivalentHours.mid > (most?.mid ?? -1) ? equivalentHours : most,
    undefined,
  );
  return {
    ...whole,
    ...(share !== undefined && share > 0 && share < 1 && { pricedShare: share }),
    sharedJ: gpus.some((gpu) => gpu.sharedJ) ? gpus.reduce((sum, gpu) => sum + (gpu.sharedJ ?? 0), 0) : undefined,
    energyWhy: gpus.find((gpu) => gpu.energyWhy)?.energyWhy,
    unseen: unseenOf(gpus),
    energyFrom: gpus.some((gpu) => gpu.energyFrom === 'power') ? 'power' : gpus[0]?.energyFrom,
    peakTempC: largest(gpus.map((gpu) => gpu.peakTempC)),
    meanTempC: meanOf(gpus),
    throttledMs: throttledOf(gpus),
    equivalentHours: worst,
    outputs,
    each: counted && { ...(shown && perOutput(whole, counted.count)), ms: tookMs / counted.count },
    outputsPerHour: counted && (counted.count / tookMs) * 3_600_000,
    speed:
      outputs?.speed ??
      (counted?.unit === 'token' ? { value: (counted.count / tookMs) * 1000, unit: 'tok/s' } : undefined),
    spreadJ: spreadOf(gpus),
  };
}
