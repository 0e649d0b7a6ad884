import { clearBins, createBins, fanLoad, foldBins, loadBins, saveBins } from './bins.ts';
import { throttleColumns, type WearColumns } from './columns.ts';
import { orNaN, orNull, present, restored, slot, stateKeys, sumKeys, sumSlot, type MeterState } from './meter-state.ts';
import { isObserved } from '../metrics/observed.ts';
import { countedCauses, createThrottleMeter } from '../metrics/throttled.ts';
import type { HourCell } from './ledger/ledger-schema.ts';
import { FAN, MODEL_VERSION } from './model.ts';
import { wasPoweredOff } from './power-off.ts';
import { createSwingCounter } from './swings.ts';
import { binOf } from './tables.ts';
import { addTally, emptyTally, sumTallies, type EndedTally, type Tally } from './tally.ts';

export const HOUR_MS = 3_600_000;
/** A fan speed is read less often than temperatures. It is valid until the next reading, but no longer than this. */
const FAN_HOLD_MS = 30_000;

export type { HourCell };

/** Where the time of each counted cause is summed. */
const throttleSums = {
  'power-cap': { us: sumSlot.powerCapUs, knownMs: sumSlot.powerCapKnownMs },
  heat: { us: sumSlot.heatUs, knownMs: sumSlot.heatKnownMs },
  'power-brake': { us: sumSlot.powerBrakeUs, knownMs: sumSlot.powerBrakeKnownMs },
} as const;
const summedCauses = countedCauses.map((cause, at) => ({ ...throttleSums[cause], at }));

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
  let tally = sumTallies(saved ? [saved.tally] : []);
  // numbers that change with every sample are in typed arrays, so that a sample allocates nothing
  const at = restored(saved?.at ?? [], stateKeys.length, Number.NaN);
  if (!saved) for (const key of ['seq', 'fanAgeMs', 'axisMs', 'inferredAxisMs'] as const) at[slot[key]] = 0;
  const sums = restored(saved?.sums ?? [], sumKeys.length, 0);
  if (saved?.counters) at[slot.energyMj] = orNaN(saved.counters[0]);
  if (saved?.grown) sums[sumSlot.counterMj] = saved.grown[0] ?? 0;
  const throttle = createThrottleMeter(countedCauses);
  throttle.before.set(restored(saved?.throttling ?? [], throttle.before.length, Number.NaN));
  const swings = createSwingCounter(at, () => tally, saved);

  function finished(): Tally {
    const whole = structuredClone(tally);
    foldBins(bins, whole);
    const sum = (key: (typeof sumKeys)[number]): number => sums[sumSlot[key]]!;
    return {
      ...whole,
      observedMs: sum('observedMs'),
      powerMs: sum('powerMs'),
      powerJ: sum('powerJ'),
      memMs: sum('memMs'),
      fanMs: sum('fanMs'),
      fan: [sum('fanOn'), sum('fanWork')],
      counterJ: sum('counterMj') / 1000,
      throttled: {
        'power-cap': { ms: sum('powerCapUs') / 1000, knownMs: sum('powerCapKnownMs') },
        heat: { ms: sum('heatUs') / 1000, knownMs: sum('heatKnownMs') },
        'power-brake': { ms: sum('powerBrakeUs') / 1000, knownMs: sum('powerBrakeKnownMs') },
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
      sums.fill(0);
    }
    at[slot.hourMs] = Math.floor(tsMs / HOUR_MS) * HOUR_MS;
    at[slot.firstMs] = tsMs;
  }

  /** A gap ended at `tsMs`. */
  function endGap(tsMs: number, coreC: number, energyAfterMj: number): void {
    const gapMs = tsMs - at[slot.lastMs]!;
    const energyBeforeMj = at[slot.energyMj]!;
    if (wasPoweredOff({ gapMs, coreC, energyBeforeMj, energyAfterMj })) swings.powerOff(gapMs, coreC);
  }

  function feed(columns: WearColumns, from = 0, to = columns.tsMs.length): void {
    const { tsMs, dtMs, coreTempC, powerW, memTempC, fanPct, energyMj, powerDefaultLimitW } = columns;
    const throttling = throttleColumns.map((key) => columns[key]);
    let lastMs = at[slot.lastMs]!;
    let lastCore = at[slot.lastCore]!;
    let lastPower = at[slot.lastPower]!;
    let lastMem = at[slot.lastMem]!;
    let lastEnergy = at[slot.energyMj]!;
    let fan = at[slot.fan]!;
    let fanAgeMs = at[slot.fanAgeMs]!;
    let heldC = at[slot.heldC]!;
    let hourMs = at[slot.hourMs]!;
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
      const energy = energyMj[i]!;
      if (!present(hourMs)) {
        beginHour(ts);
        hourMs = at[slot.hourMs]!;
      }
      if (dt >= 0) {
        const half = dt / 2;
        const powered = isObserved(lastPower, power, dt);
        if (isObserved(lastCore, core, dt)) {
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
        if (isObserved(lastMem, mem, dt)) {
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
        if (energy > lastEnergy) sums[sumSlot.counterMj]! += energy - lastEnergy; // a decrease: the counter restarted
      } else {
        at[slot.lastMs] = lastMs;
        at[slot.energyMj] = lastEnergy;
        if (present(core)) {
          endGap(ts, core, energy);
          heldC = at[slot.heldC]!;
        }
        lastEnergy = Number.NaN; // growth during a gap was not observed: it belongs to no hour
        fan = Number.NaN;
      }
      for (let k = 0; k < throttling.length; k++) throttle.next[k] = throttling[k]![i]!;
      const us = throttle.step(dt);
      for (const { us: to, knownMs, at: c } of summedCauses) {
        if (!present(us[c]!)) continue;
        sums[to]! += us[c]!;
        sums[knownMs]! += dt;
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
      if (present(energy)) lastEnergy = energy;
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
    at[slot.energyMj] = lastEnergy;
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
        throttling: [...throttle.before].map(orNull),
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
