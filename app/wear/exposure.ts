import { acceleration } from './arrhenius.ts';
import { CYCLE_GATE_K, MODEL_VERSION, REFERENCE, SILICON } from './model.ts';
import { createRainflow, feedRainflow, residue, type Cycle, type RainflowState } from './rainflow.ts';

/** What one card has been through, as the model counts it: plain data, kept across restarts. */
export type ExposureState = {
  readonly modelVersion: string;
  sinceMs?: number;
  lastMs?: number;
  lastTempC?: number;
  observedMs: number;
  /** not running, suspended, or no temperature: nothing is claimed about it */
  unobservedMs: number;
  /** milliseconds by whole °C */
  readonly histogram: Record<string, number>;
  /** family M1: milliseconds at the reference that equal what was observed, one for each activation energy */
  readonly siliconMs: number[];
  readonly rainflow: RainflowState;
  /** counted swings by whole K of range */
  readonly cycles: Record<string, number>;
};

export type ExposureSample = {
  readonly tsMs: number;
  /** since the previous sample; undefined after a gap */
  readonly dtMs: number | undefined;
  readonly tempC: number | undefined;
};

export type Band = { readonly low: number; readonly mid: number; readonly high: number };

export type Exposure = {
  readonly modelVersion: string;
  readonly reference: string;
  readonly sinceMs: number | undefined;
  readonly observedHours: number;
  /** observed ÷ (observed + unobserved), 0–1 */
  readonly coverage: number;
  /** hours at the reference, and relative to the hours observed; undefined before anything was observed */
  readonly silicon: { readonly equivalentHours: Band; readonly rate: Band } | undefined;
  readonly cycles: readonly { readonly rangeK: number; readonly count: number }[];
  readonly hoursByTemp: readonly { readonly tempC: number; readonly hours: number }[];
};

const HOUR_MS = 3_600_000;

export const createExposure = (): ExposureState => ({
  modelVersion: MODEL_VERSION,
  observedMs: 0,
  unobservedMs: 0,
  histogram: {},
  siliconMs: SILICON.grid.map(() => 0),
  rainflow: createRainflow(),
  cycles: {},
});

// Sensors read whole degrees, so nearly every rate is one of a few: computed once.
const rates = new Map<number, readonly number[]>();
function siliconRates(tempC: number): readonly number[] {
  let found = rates.get(tempC);
  if (!found) {
    if (rates.size > 4096) rates.clear();
    found = SILICON.grid.map((ea) => acceleration(ea, REFERENCE.coreTempC, tempC));
    rates.set(tempC, found);
  }
  return found;
}

const bin = (cycles: Record<string, number>, { range, count }: Cycle): void => {
  if (range < CYCLE_GATE_K) return;
  const key = String(Math.round(range));
  cycles[key] = (cycles[key] ?? 0) + count;
};

/**
 * Feeds one sample into `state`. The time since the previous sample counts half at each end's temperature; it is
 * unobserved where either end has none, or after a gap. Nothing is extrapolated.
 */
export function feedExposure(state: ExposureState, { tsMs, dtMs, tempC }: ExposureSample): void {
  state.sinceMs ??= tsMs;
  const before = state.lastTempC;
  if (dtMs !== undefined && before !== undefined && tempC !== undefined) {
    state.observedMs += dtMs;
    for (const end of [before, tempC]) {
      const key = String(Math.round(end));
      state.histogram[key] = (state.histogram[key] ?? 0) + dtMs / 2;
      siliconRates(end).forEach((rate, i) => (state.siliconMs[i]! += (rate * dtMs) / 2));
    }
  } else if (state.lastMs !== undefined) {
    state.unobservedMs += dtMs ?? Math.max(0, tsMs - state.lastMs);
  }
  if (tempC !== undefined) feedRainflow(state.rainflow, tempC, tsMs, (counted) => bin(state.cycles, counted));
  state.lastMs = tsMs;
  if (tempC === undefined) delete state.lastTempC;
  else state.lastTempC = tempC;
}

/**
 * What a card has been through in two stretches of time together. Hours and counted swings add up; swings that were
 * still open at the end of the earlier stretch count as the half cycles they are; the later one goes on.
 */
export function mergeExposure(one: ExposureState, other: ExposureState): ExposureState {
  const [earlier, later] = (one.lastMs ?? -Infinity) <= (other.lastMs ?? -Infinity) ? [one, other] : [other, one];
  if (earlier.sinceMs === undefined) return later;
  const added = (a: Record<string, number>, b: Record<string, number>): Record<string, number> => {
    const sum = { ...a };
    for (const [key, value] of Object.entries(b)) sum[key] = (sum[key] ?? 0) + value;
    return sum;
  };
  const cycles = added(earlier.cycles, later.cycles);
  for (const open of residue(earlier.rainflow)) bin(cycles, open);
  const sinceMs = Math.min(earlier.sinceMs, later.sinceMs ?? Infinity);
  const observedMs = earlier.observedMs + later.observedMs;
  return {
    ...later,
    sinceMs,
    observedMs,
    unobservedMs: Math.max(0, later.lastMs! - sinceMs - observedMs),
    histogram: added(earlier.histogram, later.histogram),
    siliconMs: earlier.siliconMs.map((ms, i) => ms + later.siliconMs[i]!),
    cycles,
  };
}

const bandOf = (values: readonly number[], mid: number): Band => ({
  low: Math.min(...values),
  mid,
  high: Math.max(...values),
});

/** What `state` amounts to now. The band is coherent: each activation energy was run through the whole history. */
export function summariseExposure(state: ExposureState): Exposure {
  const observedHours = state.observedMs / HOUR_MS;
  const hours = state.siliconMs.map((ms) => ms / HOUR_MS);
  const equivalentHours = bandOf(hours, hours[SILICON.grid.indexOf(SILICON.mid)]!);
  const total = state.observedMs + state.unobservedMs;
  const cycles = { ...state.cycles };
  for (const open of residue(state.rainflow)) bin(cycles, open);
  return {
    modelVersion: state.modelVersion,
    reference: REFERENCE.name,
    sinceMs: state.sinceMs,
    observedHours,
    coverage: total === 0 ? 0 : state.observedMs / total,
    silicon:
      observedHours === 0
        ? undefined
        : {
            equivalentHours,
            rate: {
              low: equivalentHours.low / observedHours,
              mid: equivalentHours.mid / observedHours,
              high: equivalentHours.high / observedHours,
            },
          },
    cycles: Object.entries(cycles).map(([range, count]) => ({ rangeK: Number(range), count })),
    hoursByTemp: Object.entries(state.histogram)
      .map(([temp, ms]) => ({ tempC: Number(temp), hours: ms / HOUR_MS }))
      .sort((a, b) => a.tempC - b.tempC),
  };
}
