import { clearBins, createBins, fanLoad, foldBins, loadBins, saveBins, type SavedBins } from './bins.ts';
import type { WearColumns } from './columns.ts';
import { CYCLE_GATE_K, FAN, MODEL_VERSION, POWER_OFF, SOLDER } from './model.ts';
import { createRainflow, feedRainflow, residue, type Cycle, type RainflowState } from './rainflow.ts';
import { referenceCycles } from './solder.ts';
import { binOf } from './tables.ts';
import { addTally, cycleKey, emptyTally, type Tally } from './tally.ts';

export const HOUR_MS = 3_600_000;
/** A fan speed is read on the slow cadence and holds until the next reading, but no longer than this. */
const FAN_HOLD_MS = 30_000;

/** One hour of one card's life: what is kept for ever. */
export type HourCell = {
  readonly hourMs: number;
  /** stamp of its first sample */
  readonly firstMs: number;
  readonly modelVersion: string;
  /** counts the cells of one run of the meter: the same cell again has the same number, after a crash for instance */
  readonly seq: number;
  readonly tally: Tally;
};

/** What a meter needs to go on after a restart as if nothing had happened. Plain data. */
export type MeterState = {
  readonly modelVersion: string;
  readonly hourMs: number | null;
  readonly firstMs: number | null;
  readonly seq: number;
  readonly lastMs: number | null;
  readonly lastCore: number | null;
  readonly lastPower: number | null;
  readonly lastMem: number | null;
  readonly fan: number | null;
  readonly fanAgeMs: number;
  readonly counters: readonly (number | null)[];
  readonly grown: readonly number[];
  readonly limitW: number | null;
  readonly axisMs: number;
  readonly inferredAxisMs: number;
  readonly tally: Tally;
  readonly bins: SavedBins;
  readonly measured: RainflowState;
  readonly inferred: RainflowState;
};

export type Meter = {
  /** Reads samples `from` ≤ i < `to` of the columns, in order. */
  readonly feed: (columns: WearColumns, from?: number, to?: number) => void;
  /** the hour that is not over yet; undefined before the first sample */
  readonly current: () => HourCell | undefined;
  /** what the swings that are still open would add if the history ended now: half cycles (ASTM E1049) */
  readonly openSwings: () => Tally;
  readonly lastMs: () => number | undefined;
  /** the card's default power limit as last read, W */
  readonly limitW: () => number | undefined;
  readonly save: () => MeterState;
};

/** Counters of the card, in the order in which a tally takes them. */
const counterKeys = [
  'energyMj',
  'throttledSwPowerUs',
  'throttledSwThermalUs',
  'throttledHwThermalUs',
  'throttledPowerBrakeUs',
] as const;

const known = (value: number): boolean => !Number.isNaN(value);
const orNull = (value: number): number | null => (known(value) ? value : null);
const orNaN = (value: number | null | undefined): number => value ?? Number.NaN;

/** Adds a counted swing into a tally, unless it is noise. */
function addCycle(
  damage: number[],
  matrix: Record<string, number>,
  { range, mean, count, startAt, endAt }: Cycle,
  sign: 1 | -1 = 1,
): void {
  if (range < CYCLE_GATE_K) return;
  const [maxTempC, dwellHours] = [mean + range / 2, (endAt - startAt) / HOUR_MS];
  SOLDER.forEach((set, i) => (damage[i]! += sign * count * referenceCycles(range, dwellHours, maxTempC, set)));
  const key = cycleKey(range, maxTempC, dwellHours);
  matrix[key] = (matrix[key] ?? 0) + sign * count;
}

/**
 * Meters one card: hands over each hour when it has ended. Time between two samples counts half at each end's reading; it
 * is unobserved where an end has none, and after a gap. Swings are counted along the time observed, so a gap adds nothing
 * however long it lasts; a second count takes a power-off as a swing down to room temperature, and the difference is told
 * apart as inferred.
 */
export function createMeter(onHour: (cell: HourCell) => void, saved?: MeterState): Meter {
  const bins = createBins();
  if (saved) loadBins(bins, saved.bins);
  const [p1, p15, p2] = bins.power;
  let tally: Tally = saved ? structuredClone(saved.tally) : emptyTally();
  const measured = saved ? structuredClone(saved.measured) : createRainflow();
  const inferred = saved ? structuredClone(saved.inferred) : createRainflow();
  let hourMs = orNaN(saved?.hourMs);
  let firstMs = orNaN(saved?.firstMs);
  let seq = saved?.seq ?? 0;
  let lastMs = orNaN(saved?.lastMs);
  let lastCore = orNaN(saved?.lastCore);
  let lastPower = orNaN(saved?.lastPower);
  let lastMem = orNaN(saved?.lastMem);
  let fan = orNaN(saved?.fan);
  let fanAgeMs = saved?.fanAgeMs ?? 0;
  let limitW = orNaN(saved?.limitW);
  let axisMs = saved?.axisMs ?? 0;
  let inferredAxisMs = saved?.inferredAxisMs ?? 0;
  const counters = Float64Array.from(saved?.counters ?? counterKeys.map(() => null), orNaN);
  const grown = Float64Array.from(saved?.grown ?? counterKeys.map(() => 0));

  // a measured swing is taken off what the second count finds: only the difference is inferred
  const onMeasured = (cycle: Cycle): void => {
    addCycle(tally.solder, tally.cycles, cycle);
    addCycle(tally.solderInferred, tally.inferredCycles, cycle, -1);
  };
  const onInferred = (cycle: Cycle): void => addCycle(tally.solderInferred, tally.inferredCycles, cycle);

  function finished(): Tally {
    const whole = structuredClone(tally);
    foldBins(bins, whole);
    const [counterJ, powerCap, swThermal, hwThermal, powerBrake] = grown.map((amount) => amount / 1000) as unknown as [
      number,
      number,
      number,
      number,
      number,
    ];
    whole.counterJ = counterJ;
    whole.throttledMs = { powerCap, swThermal, hwThermal, powerBrake };
    return whole;
  }

  function endHour(tsMs: number): void {
    if (known(hourMs)) {
      onHour({ hourMs, firstMs, modelVersion: MODEL_VERSION, seq, tally: finished() });
      seq++;
      tally = emptyTally();
      clearBins(bins);
      grown.fill(0);
    }
    hourMs = Math.floor(tsMs / HOUR_MS) * HOUR_MS;
    firstMs = tsMs;
  }

  /** The card was off, so far as can be told: the second count sees it cool down. */
  function acrossGap(tsMs: number, core: number, energyNow: number): void {
    const gapMs = tsMs - lastMs;
    if (!(gapMs >= POWER_OFF.minMs)) return;
    const energyBefore = counters[0]!;
    const counted = known(energyBefore) && known(energyNow);
    if (!(counted ? energyNow < energyBefore : core <= POWER_OFF.coldC)) return;
    inferredAxisMs += gapMs;
    feedRainflow(inferred, Math.min(POWER_OFF.roomC, core), axisMs + inferredAxisMs, onInferred);
  }

  function feed(columns: WearColumns, from = 0, to = columns.tsMs.length): void {
    for (let i = from; i < to; i++) {
      const tsMs = columns.tsMs[i]!;
      const dtMs = columns.dtMs[i]!;
      const core = columns.coreTempC[i]!;
      const power = columns.powerW[i]!;
      const mem = columns.memTempC[i]!;
      const energy = columns.energyMj[i]!;
      const joined = dtMs >= 0; // NaN after a gap
      if (!known(hourMs)) endHour(tsMs);

      if (joined) {
        const half = dtMs / 2;
        if (known(core) && known(lastCore)) {
          tally.observedMs += dtMs;
          axisMs += dtMs;
          const before = binOf(lastCore);
          const now = binOf(core);
          bins.core[before]! += half;
          bins.core[now]! += half;
          if (known(power) && known(lastPower)) {
            tally.powerMs += dtMs;
            const [a, b] = [half * lastPower, half * power];
            p1[before]! += a;
            p1[now]! += b;
            p15[before]! += a * Math.sqrt(lastPower);
            p15[now]! += b * Math.sqrt(power);
            p2[before]! += a * lastPower;
            p2[now]! += b * power;
          }
        }
        if (known(power) && known(lastPower)) tally.powerJ += ((lastPower + power) * half) / 1000;
        if (known(mem) && known(lastMem)) {
          tally.memMs += dtMs;
          bins.mem[binOf(lastMem)]! += half;
          bins.mem[binOf(mem)]! += half;
        }
        fanAgeMs += dtMs;
        if (known(fan) && fanAgeMs <= FAN_HOLD_MS) {
          tally.fanMs += dtMs;
          if (fan > 0) FAN.exponents.forEach((s, k) => (tally.fan[k]! += dtMs * fanLoad(fan, s)));
        }
        for (let k = 0; k < counterKeys.length; k++) {
          const step = columns[counterKeys[k]!][i]! - counters[k]!;
          if (step > 0) grown[k]! += step; // a decrease is a new start of the counter
        }
      } else {
        if (known(core)) acrossGap(tsMs, core, energy);
        counters.fill(Number.NaN); // what a counter grew by while nobody looked belongs to no hour
        fan = Number.NaN;
      }
      if (known(core)) {
        feedRainflow(measured, core, axisMs, onMeasured);
        feedRainflow(inferred, core, axisMs + inferredAxisMs, onInferred);
      }
      if (tsMs >= hourMs + HOUR_MS || tsMs < hourMs) endHour(tsMs);

      lastMs = tsMs;
      lastCore = core;
      lastPower = power;
      lastMem = mem;
      for (let k = 0; k < counterKeys.length; k++) {
        const value = columns[counterKeys[k]!][i]!;
        if (known(value)) counters[k] = value;
      }
      const fanNow = columns.fanPct[i]!;
      if (known(fanNow)) {
        fan = fanNow;
        fanAgeMs = 0;
      }
      const limitNow = columns.powerDefaultLimitW[i]!;
      if (known(limitNow)) limitW = limitNow;
    }
  }

  return {
    feed,
    current: () =>
      !known(hourMs) ? undefined : { hourMs, firstMs, modelVersion: MODEL_VERSION, seq, tally: finished() },
    openSwings() {
      const open = emptyTally();
      for (const cycle of residue(measured)) {
        addCycle(open.solder, open.cycles, cycle);
        addCycle(open.solderInferred, open.inferredCycles, cycle, -1);
      }
      for (const cycle of residue(inferred)) addCycle(open.solderInferred, open.inferredCycles, cycle);
      return open;
    },
    lastMs: () => orNull(lastMs) ?? undefined,
    limitW: () => orNull(limitW) ?? undefined,
    save: () => ({
      modelVersion: MODEL_VERSION,
      hourMs: orNull(hourMs),
      firstMs: orNull(firstMs),
      seq,
      lastMs: orNull(lastMs),
      lastCore: orNull(lastCore),
      lastPower: orNull(lastPower),
      lastMem: orNull(lastMem),
      fan: orNull(fan),
      fanAgeMs,
      counters: [...counters].map(orNull),
      grown: [...grown],
      limitW: orNull(limitW),
      axisMs,
      inferredAxisMs,
      tally: structuredClone(tally),
      bins: saveBins(bins),
      measured: structuredClone(measured),
      inferred: structuredClone(inferred),
    }),
  };
}

/** A tally of hours, the hour that goes on and the swings that are still open. */
export function meterTally(ended: Iterable<Tally>, meter: Meter): Tally {
  const sum = emptyTally();
  for (const tally of ended) addTally(sum, tally);
  const current = meter.current();
  if (current) addTally(sum, current.tally);
  addTally(sum, meter.openSwings());
  return sum;
}
