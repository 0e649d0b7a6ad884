import { clearBins, createBins, fanLoad, foldBins, loadBins, saveBins } from './bins.ts';
import type { WearColumns } from './columns.ts';
import { counterKeys, known, orNaN, orNull, slot, stateKeys, sumKeys, type MeterState } from './meter-state.ts';
import { CYCLE_GATE_K, FAN, MODEL_VERSION, POWER_OFF, SOLDER } from './model.ts';
import { createRainflow, feedRainflow, residue, type Cycle } from './rainflow.ts';
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
 * however long it lasts. At a power-off the measured swings end and begin anew; a second count goes on through it, by a
 * swing down to room temperature, and the difference is told apart as inferred.
 */
export function createMeter(onHour: (cell: HourCell) => void, saved?: MeterState): Meter {
  const bins = createBins();
  if (saved) loadBins(bins, saved.bins);
  const [p1, p15, p2] = bins.power;
  let tally: Tally = saved ? structuredClone(saved.tally) : emptyTally();
  const measured = saved ? structuredClone(saved.measured) : createRainflow();
  const inferred = saved ? structuredClone(saved.inferred) : createRainflow();
  // numbers that change with every sample live in typed arrays: nothing is allocated for one
  const at = Float64Array.from(saved?.at ?? stateKeys.map(() => null), orNaN);
  if (!saved) for (const key of ['seq', 'fanAgeMs', 'axisMs', 'inferredAxisMs'] as const) at[slot[key]] = 0;
  const sums = Float64Array.from(saved?.sums ?? sumKeys.map(() => 0));
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
    const [observedMs, powerMs, powerJ, memMs, fanMs, fanOn, fanWork] = sums;
    const [counterJ, powerCap, swThermal, hwThermal, powerBrake] = grown.map((amount) => amount / 1000);
    return {
      ...whole,
      observedMs: observedMs!,
      powerMs: powerMs!,
      powerJ: powerJ!,
      memMs: memMs!,
      fanMs: fanMs!,
      fan: [fanOn!, fanWork!],
      counterJ: counterJ!,
      throttledMs: {
        powerCap: powerCap!,
        swThermal: swThermal!,
        hwThermal: hwThermal!,
        powerBrake: powerBrake!,
      },
    };
  }

  const cell = (): HourCell => ({
    hourMs: at[slot.hourMs]!,
    firstMs: at[slot.firstMs]!,
    modelVersion: MODEL_VERSION,
    seq: at[slot.seq]!,
    tally: finished(),
  });

  function beginHour(tsMs: number): void {
    if (known(at[slot.hourMs]!)) {
      onHour(cell());
      at[slot.seq]!++;
      tally = emptyTally();
      clearBins(bins);
      grown.fill(0);
      sums.fill(0);
    }
    at[slot.hourMs] = Math.floor(tsMs / HOUR_MS) * HOUR_MS;
    at[slot.firstMs] = tsMs;
  }

  /** Feeds both counts. While the temperature stands still only the moment is noted: see `settle`. */
  function turn(core: number): void {
    settle();
    feedRainflow(measured, core, at[slot.axisMs]!, onMeasured);
    feedRainflow(inferred, core, at[slot.axisMs]! + at[slot.inferredAxisMs]!, onInferred);
    at[slot.heldC] = core;
    at[slot.heldAtMs] = at[slot.axisMs]!;
  }

  /** Tells both counts until when the temperature stood still. */
  function settle(): void {
    if (!known(at[slot.heldC]!)) return;
    feedRainflow(measured, at[slot.heldC]!, at[slot.heldAtMs]!, onMeasured);
    feedRainflow(inferred, at[slot.heldC]!, at[slot.heldAtMs]! + at[slot.inferredAxisMs]!, onInferred);
  }

  /** The card was off, so far as can be told: the second count sees it cool down, the first sees nothing of it. */
  function acrossGap(tsMs: number, core: number, energyNow: number): void {
    const gapMs = tsMs - at[slot.lastMs]!;
    if (!(gapMs >= POWER_OFF.minMs)) return;
    const energyBefore = counters[0]!;
    const counted = known(energyBefore) && known(energyNow);
    if (!(counted ? energyNow < energyBefore : core <= POWER_OFF.coldC)) return;
    settle();
    // nobody saw the way down: what was measured ends here, its open swings as half cycles, and begins anew
    residue(measured).forEach(onMeasured);
    Object.assign(measured, { ...createRainflow(), last: undefined });
    at[slot.inferredAxisMs]! += gapMs;
    const roomC = Math.min(POWER_OFF.roomC, core);
    feedRainflow(inferred, roomC, at[slot.axisMs]! + at[slot.inferredAxisMs]!, onInferred);
    at[slot.heldC] = Number.NaN; // the second count stands at room temperature
  }

  function feed(columns: WearColumns, from = 0, to = columns.tsMs.length): void {
    const { tsMs, dtMs, coreTempC, powerW, memTempC, fanPct, energyMj, powerDefaultLimitW } = columns;
    const counted = counterKeys.map((key) => columns[key]);
    let [lastMs, lastCore, lastPower, lastMem, fan, fanAgeMs, heldC, hourMs] = [
      at[slot.lastMs]!,
      at[slot.lastCore]!,
      at[slot.lastPower]!,
      at[slot.lastMem]!,
      at[slot.fan]!,
      at[slot.fanAgeMs]!,
      at[slot.heldC]!,
      at[slot.hourMs]!,
    ];
    let coreBin = binOf(lastCore);
    let memBin = binOf(lastMem);
    for (let i = from; i < to; i++) {
      const ts = tsMs[i]!;
      const dt = dtMs[i]!;
      const core = coreTempC[i]!;
      const power = powerW[i]!;
      const mem = memTempC[i]!;
      const before = coreBin;
      const memBefore = memBin;
      if (core !== lastCore) coreBin = binOf(core);
      if (mem !== lastMem) memBin = binOf(mem);
      const now = coreBin;
      if (!known(hourMs)) {
        beginHour(ts);
        hourMs = at[slot.hourMs]!;
      }
      if (dt >= 0) {
        const half = dt / 2;
        const powered = power >= 0 && lastPower >= 0; // false for NaN
        if (known(core) && known(lastCore)) {
          sums[0]! += dt;
          at[slot.axisMs]! += dt;
          bins.core[before]! += half;
          bins.core[now]! += half;
          if (powered) {
            sums[1]! += dt;
            const a = half * lastPower;
            const b = half * power;
            p1[before]! += a;
            p1[now]! += b;
            p15[before]! += a * Math.sqrt(lastPower);
            p15[now]! += b * Math.sqrt(power);
            p2[before]! += a * lastPower;
            p2[now]! += b * power;
          }
        }
        if (powered) sums[2]! += ((lastPower + power) * half) / 1000;
        if (known(mem) && known(lastMem)) {
          sums[3]! += dt;
          bins.mem[memBefore]! += half;
          bins.mem[memBin]! += half;
        }
        fanAgeMs += dt;
        if (fan >= 0 && fanAgeMs <= FAN_HOLD_MS) {
          sums[4]! += dt;
          if (fan > 0) {
            sums[5]! += dt * fanLoad(fan, FAN.exponents[0]);
            sums[6]! += dt * fanLoad(fan, FAN.exponents[1]);
          }
        }
        for (let k = 0; k < counted.length; k++) {
          const step = counted[k]![i]! - counters[k]!;
          if (step > 0) grown[k]! += step; // a decrease is a new start of the counter
        }
      } else {
        at[slot.lastMs] = lastMs;
        if (known(core)) {
          acrossGap(ts, core, energyMj[i]!);
          heldC = at[slot.heldC]!;
        }
        counters.fill(Number.NaN); // what a counter grew by while nobody looked belongs to no hour
        fan = Number.NaN;
      }
      if (known(core)) {
        if (core === heldC) at[slot.heldAtMs] = at[slot.axisMs]!;
        else {
          turn(core);
          heldC = core;
        }
      }
      if (ts >= hourMs + HOUR_MS || ts < hourMs) {
        beginHour(ts);
        hourMs = at[slot.hourMs]!;
      }

      lastMs = ts;
      lastCore = core;
      lastPower = power;
      lastMem = mem;
      for (let k = 0; k < counted.length; k++) {
        const value = counted[k]![i]!;
        if (known(value)) counters[k] = value;
      }
      const fanNow = fanPct[i]!;
      if (known(fanNow)) {
        fan = fanNow;
        fanAgeMs = 0;
      }
      const limitNow = powerDefaultLimitW[i]!;
      if (known(limitNow)) at[slot.limitW] = limitNow;
    }
    at[slot.lastMs] = lastMs;
    at[slot.lastCore] = lastCore;
    at[slot.lastPower] = lastPower;
    at[slot.lastMem] = lastMem;
    at[slot.fan] = fan;
    at[slot.fanAgeMs] = fanAgeMs;
  }

  return {
    feed,
    current: () => (known(at[slot.hourMs]!) ? cell() : undefined),
    openSwings() {
      settle();
      const open = emptyTally();
      for (const cycle of residue(measured)) {
        addCycle(open.solder, open.cycles, cycle);
        addCycle(open.solderInferred, open.inferredCycles, cycle, -1);
      }
      for (const cycle of residue(inferred)) addCycle(open.solderInferred, open.inferredCycles, cycle);
      return open;
    },
    lastMs: () => orNull(at[slot.lastMs]!) ?? undefined,
    limitW: () => orNull(at[slot.limitW]!) ?? undefined,
    save() {
      settle();
      return {
        modelVersion: MODEL_VERSION,
        at: [...at].map(orNull),
        sums: [...sums],
        counters: [...counters].map(orNull),
        grown: [...grown],
        tally: structuredClone(tally),
        bins: saveBins(bins),
        measured: structuredClone(measured),
        inferred: structuredClone(inferred),
      };
    },
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
