import { metricOf, type MetricKey } from '../../metrics/metrics.ts';
import { readingStates } from '../../core/reading.ts';
import { reasonsIn, type ThrottleCause } from '../../metrics/throttle-reasons.ts';
import { stateOfCode, type SampleColumns } from './sample-chunk.ts';

/** Sums over time, beside the levels. Their order is stored: append only. */
export const sumKinds = [
  'observedMs', // the card gave at least one of its usual readings
  'asleepMs', // the card was powered down and left alone
  'energyMj',
  'throttledPowerUs',
  'throttledHeatUs',
  'throttledBrakeUs',
] as const;
export type SumKind = (typeof sumKinds)[number];

/** For each sample, what the time since the sample before it adds. 0 after a gap: nothing is added up across one. */
export type IntervalSums = Readonly<Record<SumKind, Float64Array>>;

/** Values of the sample before the first, by metric id. */
export type Carry = ReadonlyMap<number, number>;

const ASLEEP = readingStates.indexOf('asleep');
const idOf = (key: MetricKey): number => metricOf(key).id;
const [ENERGY, POWER, MASK, CORE] = [
  idOf('energyMj'),
  idOf('powerW'),
  idOf('throttleReasons'),
  idOf('coreTempC'),
] as const;

const causes: readonly { readonly kind: SumKind; readonly cause: ThrottleCause; readonly counters: number[] }[] = [
  { kind: 'throttledPowerUs', cause: 'power-cap', counters: [idOf('throttledSwPowerUs')] },
  {
    kind: 'throttledHeatUs',
    cause: 'heat',
    counters: [idOf('throttledSwThermalUs'), idOf('throttledHwThermalUs')],
  },
  { kind: 'throttledBrakeUs', cause: 'power-brake', counters: [idOf('throttledPowerBrakeUs')] },
];
/** A card that gives any of these is observed. */
const usual = [CORE, POWER, ENERGY, idOf('gpuUtilPct'), idOf('vramUsedBytes')];
const carried = [ENERGY, POWER, ...causes.flatMap(({ counters }) => counters)];

const GRACE_MS = 100;

/** All metrics that sums are made from. */
export const summedMetricIds: readonly number[] = [...new Set([...usual, ...carried, MASK])];

/** Values of the last sample, which the next chunk needs. */
export function carryOf({ metrics, tsMs }: Pick<SampleColumns, 'metrics' | 'tsMs'>): Carry {
  const last = tsMs.length - 1;
  return new Map(
    carried.flatMap((id) => {
      const value = metrics.get(id)?.values[last];
      return value === undefined || Number.isNaN(value) ? [] : [[id, value] as const];
    }),
  );
}

/**
 * What each sample's interval adds. Energy is the card's counter, or power by the trapezoid rule if the counter is missing
 * or was reset. Throttled time is the card's counters, or the event mask if it has none.
 */
export function intervalSums(columns: SampleColumns, carry: Carry): IntervalSums {
  const n = columns.tsMs.length;
  const sums = Object.fromEntries(sumKinds.map((kind) => [kind, new Float64Array(n)])) as Record<SumKind, Float64Array>;
  const observed = new Uint8Array(n);
  const valuesOf = (id: number): Float64Array | undefined => columns.metrics.get(id)?.values;
  for (const id of usual) {
    const values = valuesOf(id);
    if (values) for (let i = 0; i < n; i++) if (!Number.isNaN(values[i]!)) observed[i] = 1;
  }
  /** growth of a counter since the sample before; NaN where one of the two is missing or it was reset */
  const growth = (id: number, i: number): number => {
    const values = valuesOf(id);
    // a sample that was imported between two known ones does not follow its predecessor in these columns
    const apart = i > 0 && columns.tsMs[i]! - columns.tsMs[i - 1]! > 1.5 * columns.dtMs[i]! + GRACE_MS;
    if (!values || apart) return Number.NaN;
    const before = i === 0 ? (carry.get(id) ?? Number.NaN) : values[i - 1]!;
    return values[i]! >= before ? values[i]! - before : Number.NaN;
  };
  const power = valuesOf(POWER);
  const mask = valuesOf(MASK);
  const core = columns.metrics.get(CORE)?.codes;

  for (let i = 0; i < n; i++) {
    const dt = columns.dtMs[i]!;
    if (Number.isNaN(dt)) continue;
    if (observed[i] === 1) sums.observedMs[i] = dt;
    else if (core && stateOfCode(core[i]!) === ASLEEP) sums.asleepMs[i] = dt;
    const counted = growth(ENERGY, i);
    if (!Number.isNaN(counted)) sums.energyMj[i] = counted;
    else if (power) {
      const before = i === 0 ? (carry.get(POWER) ?? Number.NaN) : power[i - 1]!;
      const mean = (before + power[i]!) / 2; // W × ms = mJ
      if (!Number.isNaN(mean)) sums.energyMj[i] = Math.round(mean * dt);
    }
    const reasons = mask && !Number.isNaN(mask[i]!) && mask[i] !== 0 ? reasonsIn(mask[i]!) : [];
    for (const { kind, cause, counters } of causes) {
      let us = Number.NaN;
      for (const id of counters) {
        const grown = growth(id, i);
        if (!Number.isNaN(grown)) us = (Number.isNaN(us) ? 0 : us) + grown;
      }
      if (Number.isNaN(us)) us = reasons.some((reason) => reason.cause === cause) ? Math.round(dt * 1000) : 0;
      sums[kind][i] = us;
    }
  }
  return sums;
}
