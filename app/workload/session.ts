import { valueOf, type Frame } from '../reading.ts';
import type { ThrottleCause } from '../telemetry/throttle-reasons.ts';
import { reasonsIn } from '../telemetry/throttle-reasons.ts';
import type { Band } from '../wear/families.ts';
import { createExposure } from '../wear/replay.ts';
import { counterEnergy, trapezoidJ } from './energy.ts';

/** NVML power and energy are good to ±5 % of the value (arXiv 2312.02741): nothing finer is claimed. */
export const ENERGY_ERROR = 0.05;

export type SessionSample = { readonly tsMs: number; readonly dtMs: number | undefined; readonly frame: Frame };

/** What a stretch of time did to one GPU. Undefined where nothing was observed. */
export type GpuSummary = {
  readonly gpuUuid: string;
  /** ms between samples, gaps left out */
  readonly observedMs: number;
  readonly energyJ?: number;
  /** the card's own counter, or power integrated between samples where it has none */
  readonly energyFrom?: 'counter' | 'power';
  readonly peakTempC?: number;
  readonly meanTempC?: number;
  /** ms that clocks were held down, by cause; undefined where the card does not tell */
  readonly throttledMs?: Readonly<Partial<Record<ThrottleCause, number>>>;
  /** hours at the reference profile, family M1 */
  readonly equivalentHours?: Band;
};

export type SessionSummary = { readonly gpus: readonly GpuSummary[] };

const COUNTERS = [
  ['power-cap', 'throttledSwPowerUs'],
  ['heat', 'throttledSwThermalUs'],
  ['heat', 'throttledHwThermalUs'],
  ['power-brake', 'throttledPowerBrakeUs'],
] as const;

type Throttled = Partial<Record<ThrottleCause, number>>;

/** Sums one GPU's samples of a session, in order. */
export function summariseGpu(gpuUuid: string, samples: Iterable<SessionSample>): GpuSummary {
  const counterMj: number[] = [];
  const fromCounters: Throttled = {};
  const fromReasons: Throttled = {};
  let counted = false;
  let reasoned = false;
  let powerJ = 0;
  let powered = false;
  let tempMs = 0;
  let tempSum = 0;
  let observedMs = 0;
  let peak: number | undefined;
  let before: Frame | undefined;
  const exposure = createExposure();

  for (const { tsMs, dtMs: stamped, frame } of samples) {
    const dtMs = before ? stamped : undefined; // what came before the first sample is not part of it
    const tempC = valueOf(frame, 'coreTempC');
    exposure.feedFrame(tsMs, dtMs, frame);
    if (tempC !== undefined) peak = Math.max(peak ?? tempC, tempC);
    const energy = valueOf(frame, 'energyMj');
    if (energy !== undefined) counterMj.push(energy);
    if (before && dtMs !== undefined) {
      observedMs += dtMs;
      const tempBefore = valueOf(before, 'coreTempC');
      if (tempC !== undefined && tempBefore !== undefined) {
        tempMs += dtMs;
        tempSum += ((tempBefore + tempC) / 2) * dtMs;
      }
      const [powerBefore, power] = [valueOf(before, 'powerW'), valueOf(frame, 'powerW')];
      if (powerBefore !== undefined && power !== undefined) {
        powered = true;
        powerJ += trapezoidJ(powerBefore, power, dtMs);
      }
      const mask = valueOf(frame, 'throttleReasons');
      if (mask !== undefined) {
        reasoned = true;
        const causes = new Set(reasonsIn(mask).map(({ cause }) => cause));
        for (const cause of causes) fromReasons[cause] = (fromReasons[cause] ?? 0) + dtMs;
      }
    }
    if (before) {
      for (const [cause, key] of COUNTERS) {
        const [a, b] = [valueOf(before, key), valueOf(frame, key)];
        if (a === undefined || b === undefined) continue;
        counted = true;
        if (b >= a) fromCounters[cause] = (fromCounters[cause] ?? 0) + (b - a) / 1000; // a decrease is a reset
      }
    }
    before = frame;
  }

  const hasCounter = counterMj.length >= 2;
  // the counters do not tell every cause: what only the mask shows (unclear, a setting) is taken from it
  const throttled: Throttled = counted
    ? { ...fromReasons, 'power-cap': 0, heat: 0, 'power-brake': 0, ...fromCounters }
    : fromReasons;
  delete throttled.idle;
  return {
    gpuUuid,
    observedMs,
    energyJ: hasCounter ? counterEnergy(counterMj).observedJ : powered ? powerJ : undefined,
    energyFrom: hasCounter ? 'counter' : powered ? 'power' : undefined,
    peakTempC: peak,
    meanTempC: tempMs > 0 ? tempSum / tempMs : undefined,
    throttledMs: counted || reasoned ? throttled : undefined,
    equivalentHours: exposure.summary().families.M1?.equivalentHours,
  };
}
