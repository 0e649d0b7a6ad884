import { readingStates } from '../../core/reading.ts';
import { metricOf, type MetricKey } from '../../metrics/metrics.ts';
import { isObserved, usualReadings } from '../../metrics/observed.ts';
import { countedCauses, createThrottleMeter, throttleReadings } from '../../metrics/throttled.ts';
import { stateOfCode, type SampleColumns } from './sample-chunk.ts';

/** Sums over time, beside the levels. Their order is stored: append only. */
export const sumKinds = [
  'observedMs', // the card gave at least one of its usual readings at both ends
  'asleepMs', // the card was powered down and left alone
  'energyMj',
  'throttledPowerUs',
  'throttledHeatUs',
  'throttledBrakeUs',
  // since schema 7
  'knownPowerMs', // it is known whether the card was throttled for this
  'knownHeatMs',
  'knownBrakeMs',
  'olderMs', // observed and asleep time that was counted before schema 7, by a rule that looked at one end only
] as const;
export type SumKind = (typeof sumKinds)[number];

/** How many kinds a roll-up had before schema 7. */
export const OLDER_KINDS = 6;

/** For each sample, what the time since the sample before it adds. 0 after a gap: nothing is added up across one. */
export type IntervalSums = Readonly<Record<SumKind, Float64Array>>;

/** Values of the sample before the first, by metric id. */
export type Carry = ReadonlyMap<number, number>;

const ASLEEP = readingStates.indexOf('asleep');
const idOf = (key: MetricKey): number => metricOf(key).id;
const [ENERGY, POWER, CORE] = [idOf('energyMj'), idOf('powerW'), idOf('coreTempC')] as const;

/** The kinds that each cause adds to, in the order of `countedCauses`. */
export const throttleKinds = {
  'power-cap': { us: 'throttledPowerUs', knownMs: 'knownPowerMs' },
  heat: { us: 'throttledHeatUs', knownMs: 'knownHeatMs' },
  'power-brake': { us: 'throttledBrakeUs', knownMs: 'knownBrakeMs' },
} as const satisfies Record<(typeof countedCauses)[number], { readonly us: SumKind; readonly knownMs: SumKind }>;

const causes = countedCauses.map((cause, at) => ({ ...throttleKinds[cause], at }));
const usual = usualReadings.map(idOf);
const throttling = throttleReadings.map(idOf);

const GRACE_MS = 100;

/** All metrics that sums are made from. */
export const summedMetricIds: readonly number[] = [...new Set([...usual, ...throttling])];

/** Values of the last sample, which the next chunk needs. */
export function carryOf({ metrics, tsMs }: Pick<SampleColumns, 'metrics' | 'tsMs'>): Carry {
  const last = tsMs.length - 1;
  return new Map(
    summedMetricIds.flatMap((id) => {
      const value = metrics.get(id)?.values[last];
      return value === undefined || Number.isNaN(value) ? [] : [[id, value] as const];
    }),
  );
}

/**
 * What each sample's interval adds. Energy is the card's counter, or power by the trapezoid rule if the counter is missing
 * or was reset. Observed and throttled time follow the rules that hold everywhere (metrics/observed.ts, throttled.ts).
 */
export function intervalSums(columns: SampleColumns, carry: Carry): IntervalSums {
  const n = columns.tsMs.length;
  const sums = Object.fromEntries(sumKinds.map((kind) => [kind, new Float64Array(n)])) as Record<SumKind, Float64Array>;
  const valuesOf = (id: number): Float64Array | undefined => columns.metrics.get(id)?.values;
  /**
   * Whether a sample's interval begins with its predecessor in these columns. Recorded ticks are numbered in order. A
   * sample that was imported between two known ones has its interval from one that is not among them.
   */
  const follows = (i: number): boolean =>
    (columns.seq[i]! > 0 && columns.seq[i]! - columns.seq[i - 1]! === 1) ||
    columns.tsMs[i]! - columns.tsMs[i - 1]! <= 1.5 * columns.dtMs[i]! + GRACE_MS;
  /** value of a metric in the sample before; NaN where it had none */
  const before = (id: number, values: Float64Array, i: number): number =>
    i === 0 ? (carry.get(id) ?? Number.NaN) : follows(i) ? values[i - 1]! : Number.NaN;

  const observed = new Uint8Array(n);
  for (const id of usual) {
    const values = valuesOf(id);
    if (!values) continue;
    for (let i = 0; i < n; i++) if (isObserved(before(id, values, i), values[i]!, columns.dtMs[i]!)) observed[i] = 1;
  }
  const core = columns.metrics.get(CORE)?.codes;
  const [energy, power] = [valuesOf(ENERGY), valuesOf(POWER)];
  for (let i = 0; i < n; i++) {
    const dt = columns.dtMs[i]!;
    if (Number.isNaN(dt)) continue;
    if (observed[i] === 1) sums.observedMs[i] = dt;
    else if (core && stateOfCode(core[i]!) === ASLEEP) sums.asleepMs[i] = dt;
    const counted = energy ? energy[i]! - before(ENERGY, energy, i) : Number.NaN;
    if (counted >= 0) sums.energyMj[i] = counted;
    else if (power) {
      const mean = ((i === 0 ? (carry.get(POWER) ?? Number.NaN) : power[i - 1]!) + power[i]!) / 2; // W × ms = mJ
      if (!Number.isNaN(mean)) sums.energyMj[i] = Math.round(mean * dt);
    }
  }

  const meter = createThrottleMeter(countedCauses);
  throttling.forEach((id, k) => (meter.before[k] = carry.get(id) ?? Number.NaN));
  const readings = throttling.map(valuesOf);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < readings.length; k++) meter.next[k] = readings[k]?.[i] ?? Number.NaN;
    const dt = columns.dtMs[i]!;
    const us = meter.step(i === 0 || follows(i) ? dt : Number.NaN);
    for (const { us: kind, knownMs, at } of causes) {
      if (Number.isNaN(us[at]!)) continue;
      sums[kind][i] = us[at]!;
      sums[knownMs][i] = dt;
    }
  }
  return sums;
}
