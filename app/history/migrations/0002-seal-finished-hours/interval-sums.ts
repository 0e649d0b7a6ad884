import { ASLEEP, ids, type SampleColumns } from './samples.ts';

/** Sums over time, beside the levels, in the order in which they are stored. */
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

/** `bits`: the driver's event reasons of this kind, for cards without a counter. */
const causes: readonly { readonly kind: SumKind; readonly bits: number; readonly counters: readonly number[] }[] = [
  { kind: 'throttledPowerUs', bits: 0x04, counters: [ids.throttledSwPower] },
  { kind: 'throttledHeatUs', bits: 0x60, counters: [ids.throttledSwThermal, ids.throttledHwThermal] },
  { kind: 'throttledBrakeUs', bits: 0x80, counters: [ids.throttledPowerBrake] },
];
/** A card that gives any of these is observed. */
const usual = [ids.coreTemp, ids.power, ids.energy, ids.gpuUtil, ids.vramUsed];
const carried = [ids.energy, ids.power, ...causes.flatMap(({ counters }) => counters)];

const GRACE_MS = 100;

/** What the next run needs to know of the last sample of this one. */
export function carryOf({ metrics }: SampleColumns): Carry {
  const last = carried.map((id) => [id, metrics.get(id)?.values.at(-1) ?? Number.NaN] as const);
  return new Map(last.filter(([, value]) => !Number.isNaN(value)));
}

/** What each sample's interval adds up to: energy and throttled time from counters, or from power and reasons. */
export function intervalSums({ tsMs, dtMs, metrics }: SampleColumns, carry: Carry): IntervalSums {
  const n = tsMs.length;
  const sums = Object.fromEntries(sumKinds.map((kind) => [kind, new Float64Array(n)])) as Record<SumKind, Float64Array>;
  const at = (id: number, i: number): number => metrics.get(id)?.values[i] ?? Number.NaN;
  const before = (id: number, i: number): number => (i === 0 ? (carry.get(id) ?? Number.NaN) : at(id, i - 1));
  /** growth of a counter since the sample before; NaN where one of the two is missing or it was reset */
  function growth(id: number, i: number): number {
    if (i > 0 && tsMs[i]! - tsMs[i - 1]! > 1.5 * dtMs[i]! + GRACE_MS) return Number.NaN;
    const last = before(id, i);
    return at(id, i) >= last ? at(id, i) - last : Number.NaN;
  }
  function energyMj(i: number): number {
    const counted = growth(ids.energy, i);
    if (!Number.isNaN(counted)) return counted;
    const mean = (before(ids.power, i) + at(ids.power, i)) / 2; // W × ms = mJ
    return Number.isNaN(mean) ? 0 : Math.round(mean * dtMs[i]!);
  }
  for (let i = 0; i < n; i++) {
    const dt = dtMs[i]!;
    if (Number.isNaN(dt)) continue;
    const state = (metrics.get(ids.coreTemp)?.codes[i] ?? 0) & 31;
    if (usual.some((id) => !Number.isNaN(at(id, i)))) sums.observedMs[i] = dt;
    else if (state === ASLEEP) sums.asleepMs[i] = dt;
    sums.energyMj[i] = energyMj(i);
    for (const { kind, bits, counters } of causes) {
      const grown = counters.map((id) => growth(id, i)).filter((us) => !Number.isNaN(us));
      const seen = (at(ids.throttleReasons, i) & bits) !== 0 ? Math.round(dt * 1000) : 0;
      sums[kind][i] = grown.length > 0 ? grown.reduce((a, b) => a + b) : seen;
    }
  }
  return sums;
}
