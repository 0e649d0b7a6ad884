import { clearBins, createBins, fanLoad, foldBins, loadBins, saveBins } from './bins.ts';
import type { WearColumns } from './columns.ts';
import {
  counterKeys,
  counterSlot,
  orNaN,
  orNull,
  present,
  slot,
  stateKeys,
  sumKeys,
  sumSlot,
  type MeterState,
} from './meter-state.ts';
import type { HourCell } from './ledger/ledger-schema.ts';
import { FAN, MODEL_VERSION } from './model.ts';
import { wasPoweredOff } from './power-off.ts';
import { createSwingCounter } from './swings.ts';
import { binOf } from './tables.ts';
import { addTally, emptyTally, type EndedTally, type Tally } from './tally.ts';

export const HOUR_MS = 3_600_000;
/** A fan speed is read less often than temperatures. It is valid until the next reading, but no longer than this. */
const FAN_HOLD_MS = 30_000;

export type { HourCell };

export type Meter = {
  /** Reads samples `from` ≤ i < `to` of the columns, in order. */
  readonly feed: (columns: WearColumns, from?: number, to?: number) => void;
  /** the current hour so far; undefined before the first sample */
  readonly current: () => HourCell | undefined;
  /** what the open swings would add if the history ended now: half cycles (ASTM E1049) */
  readonly openSwings: () => Tally;
  readonly lastMs: () => number | undefined;
  /** the card's default power limit as last read, W */
  readonly limitW: () => number | undefined;
  readonly save: () => MeterState;
};

/**
 * Meters one card and passes on each hour when it ends. Half of the time between two samples counts at each end's reading.
 * That time is unobserved where an end has no reading, and after a gap. Swings are counted along the observed time, so a
 * gap adds nothing, however long it is. At a power-off the measured swings end and restart. A second count includes a
 * swing down to room temperature there; the difference is reported separately as inferred.
 */
export function createMeter(onHour: (cell: HourCell) => void, saved?: MeterState): Meter {
  const bins = createBins();
  if (saved) loadBins(bins, saved.bins);
  const [p1, p15, p2] = bins.power;
  let tally: Tally = saved ? structuredClone(saved.tally) : emptyTally();
  // numbers that change with every sample are in typed arrays, so that a sample allocates nothing
  const at = Float64Array.from(saved?.at ?? stateKeys.map(() => null), orNaN);
  if (!saved) for (const key of ['seq', 'fanAgeMs', 'axisMs', 'inferredAxisMs'] as const) at[slot[key]] = 0;
  const sums = Float64Array.from(saved?.sums ?? sumKeys.map(() => 0));
  const counters = Float64Array.from(saved?.counters ?? counterKeys.map(() => null), orNaN);
  const grown = Float64Array.from(saved?.grown ?? counterKeys.map(() => 0));
  const swings = createSwingCounter(at, () => tally, saved);

  function finished(): Tally {
    const whole = structuredClone(tally);
    foldBins(bins, whole);
    const sum = (key: (typeof sumKeys)[number]): number => sums[sumSlot[key]]!;
    const grew = (key: (typeof counterKeys)[number]): number => grown[counterSlot[key]]! / 1000; // mJ → J, µs → ms
    return {
      ...whole,
      observedMs: sum('observedMs'),
      powerMs: sum('powerMs'),
      powerJ: sum('powerJ'),
      memMs: sum('memMs'),
      fanMs: sum('fanMs'),
      fan: [sum('fanOn'), sum('fanWork')],
      counterJ: grew('energyMj'),
      throttledMs: {
        powerCap: grew('throttledSwPowerUs'),
        swThermal: grew('throttledSwThermalUs'),
        hwThermal: grew('throttledHwThermalUs'),
        powerBrake: grew('throttledPowerBrakeUs'),
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
    if (present(at[slot.hourMs]!)) {
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

  /** A gap ended at `tsMs`. */
  function endGap(tsMs: number, coreC: number, energyAfterMj: number): void {
    const gapMs = tsMs - at[slot.lastMs]!;
    const energyBeforeMj = counters[counterSlot.energyMj]!;
    if (wasPoweredOff({ gapMs, coreC, energyBeforeMj, energyAfterMj })) swings.powerOff(gapMs, coreC);
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
      if (!present(hourMs)) {
        beginHour(ts);
        hourMs = at[slot.hourMs]!;
      }
      if (dt >= 0) {
        const half = dt / 2;
        const powered = power >= 0 && lastPower >= 0; // false for NaN
        if (present(core) && present(lastCore)) {
          sums[sumSlot.observedMs]! += dt;
          at[slot.axisMs]! += dt;
          bins.core[before]! += half;
          bins.core[now]! += half;
          if (powered) {
            sums[sumSlot.powerMs]! += dt;
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
        if (powered) sums[sumSlot.powerJ]! += ((lastPower + power) * half) / 1000;
        if (present(mem) && present(lastMem)) {
          sums[sumSlot.memMs]! += dt;
          bins.mem[memBefore]! += half;
          bins.mem[memBin]! += half;
        }
        fanAgeMs += dt;
        if (fan >= 0 && fanAgeMs <= FAN_HOLD_MS) {
          sums[sumSlot.fanMs]! += dt;
          if (fan > 0) {
            sums[sumSlot.fanOn]! += dt * fanLoad(fan, FAN.exponents[0]);
            sums[sumSlot.fanWork]! += dt * fanLoad(fan, FAN.exponents[1]);
          }
        }
        for (let k = 0; k < counted.length; k++) {
          const step = counted[k]![i]! - counters[k]!;
          if (step > 0) grown[k]! += step; // a decrease means that the counter restarted
        }
      } else {
        at[slot.lastMs] = lastMs;
        if (present(core)) {
          endGap(ts, core, energyMj[i]!);
          heldC = at[slot.heldC]!;
        }
        counters.fill(Number.NaN); // growth during a gap was not observed: it belongs to no hour
        fan = Number.NaN;
      }
      if (present(core)) {
        if (core === heldC) at[slot.heldAtMs] = at[slot.axisMs]!;
        else {
          swings.turn(core);
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
        if (present(value)) counters[k] = value;
      }
      const fanNow = fanPct[i]!;
      if (present(fanNow)) {
        fan = fanNow;
        fanAgeMs = 0;
      }
      const limitNow = powerDefaultLimitW[i]!;
      if (present(limitNow)) at[slot.limitW] = limitNow;
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
    current: () => (present(at[slot.hourMs]!) ? cell() : undefined),
    openSwings() {
      const open = emptyTally();
      swings.addOpen(open);
      return open;
    },
    lastMs: () => orNull(at[slot.lastMs]!) ?? undefined,
    limitW: () => orNull(at[slot.limitW]!) ?? undefined,
    save() {
      const counts = swings.save(); // first: it completes the current hour's tally
      return {
        modelVersion: MODEL_VERSION,
        at: [...at].map(orNull),
        sums: [...sums],
        counters: [...counters].map(orNull),
        grown: [...grown],
        tally: structuredClone(tally),
        bins: saveBins(bins),
        ...counts,
      };
    },
  };
}

/** The sum of ended hours, the current hour and the swings that are still open. */
export function meterTally(ended: Iterable<EndedTally>, meter: Meter): Tally {
  const sum = emptyTally();
  for (const tally of ended) addTally(sum, tally);
  const current = meter.current();
  if (current) addTally(sum, current.tally);
  addTally(sum, meter.openSwings());
  return sum;
}
