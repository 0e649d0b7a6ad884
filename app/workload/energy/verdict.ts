import { COUNTER_LAG_MS } from './span.ts';
import { createPowerIntegral, ENERGY_ERROR } from './energy.ts';
import type { EnergyWhy } from './schema.ts';

/** Faults are looked for in stretches of this length, and in the rest if it is long enough. */
export const STRETCH_MS = 10_000;
export const SHORTEST_STRETCH_MS = 5 * COUNTER_LAG_MS;
/** A reading that differs by less than this is the same. */
const SAME_W = 0.005;
/** A counter whose power over these buckets varies by this factor shows a load that changes. */
const VARIED = 1.5;
const BUCKET_MS = 2_000;

/** One interval that both counter and power have seen. */
export type Seen = {
  readonly counterJ: number;
  readonly beforeW: number;
  readonly afterW: number;
  readonly dtMs: number;
  /** W that the card can draw at most; undefined: it reports no limit */
  readonly limitW: number | undefined;
};

/** A contradiction, and by how many J at least. */
type Fault = { readonly why: EnergyWhy; readonly wrongJ: number };

/** Counter and power over some time, and whether their ranges have a value in common. */
function createStretch(windowMs: number) {
  const integral = createPowerIntegral(windowMs);
  let [counterJ, ms, limitW] = [0, 0, 0];
  let [lowW, highW] = [Infinity, 0];
  let bucket = { counterJ: 0, ms: 0 };
  let [slowestW, fastestW] = [Infinity, 0];

  function noteRate(joules: number, dtMs: number): void {
    bucket = { counterJ: bucket.counterJ + joules, ms: bucket.ms + dtMs };
    if (bucket.ms < BUCKET_MS) return;
    const rateW = (bucket.counterJ * 1000) / bucket.ms;
    [slowestW, fastestW] = [Math.min(slowestW, rateW), Math.max(fastestW, rateW)];
    bucket = { counterJ: 0, ms: 0 };
  }

  return {
    ms: () => ms,
    counterJ: () => counterJ,
    add(seen: Seen): void {
      integral.add(seen.beforeW, seen.afterW, seen.dtMs);
      counterJ += seen.counterJ;
      ms += seen.dtMs;
      limitW = Math.max(limitW, seen.limitW ?? Infinity);
      lowW = Math.min(lowW, seen.beforeW, seen.afterW);
      highW = Math.max(highW, seen.beforeW, seen.afterW);
      noteRate(seen.counterJ, seen.dtMs);
    },
    judge(): Fault | undefined {
      const power = ms < SHORTEST_STRETCH_MS ? undefined : integral.result();
      if (!power) return undefined;
      const lagJ = (highW * COUNTER_LAG_MS) / 1000; // either reading of the counter may be that old
      const lowJ = (counterJ - lagJ) / (1 + ENERGY_ERROR);
      const highJ = (counterJ + lagJ) / (1 - ENERGY_ERROR);
      if (highJ < power.range.low)
        return { why: counterJ === 0 ? 'counter-stuck' : 'undecided', wrongJ: power.range.low - highJ };
      if (lowJ <= power.range.high) return undefined;
      const wrongJ = lowJ - power.range.high;
      if (lowJ * 1000 > limitW * ms) return { why: 'counter-impossible', wrongJ };
      const frozen = highW - lowW < SAME_W && fastestW > VARIED * slowestW;
      return { why: frozen ? 'power-stuck' : 'undecided', wrongJ };
    },
  };
}

/**
 * Compares an energy counter with power × time all along. Where their ranges have no value in common, one of them is
 * wrong: a counter that stands still while the card draws power, or shows more than the card can draw; a power reading
 * that stands still while the counter shows that the load changes. Faults that are smaller in sum than the counter's own
 * error do not matter. A contradiction of the whole without such a fault is undecided.
 */
export function createVerdict(windowMs: number) {
  const whole = createStretch(windowMs);
  let stretch = createStretch(windowMs);
  const wrongJ = new Map<EnergyWhy, number>();

  return {
    add(seen: Seen): void {
      whole.add(seen);
      stretch.add(seen);
      if (stretch.ms() < STRETCH_MS) return;
      const fault = stretch.judge();
      if (fault) wrongJ.set(fault.why, (wrongJ.get(fault.why) ?? 0) + fault.wrongJ);
      stretch = createStretch(windowMs);
    },

    /** undefined: counter and power agree within their errors */
    result(): EnergyWhy | undefined {
      const newest = stretch.judge();
      const matters = (why: EnergyWhy): boolean => {
        const joules = (wrongJ.get(why) ?? 0) + (newest?.why === why ? newest.wrongJ : 0);
        return joules > ENERGY_ERROR * whole.counterJ();
      };
      const found = (['counter-stuck', 'counter-impossible', 'power-stuck'] as const).filter(matters);
      if (found.length === 1 || (found.length === 2 && !found.includes('power-stuck'))) return found[0];
      return found.length > 0 || whole.judge() ? 'undecided' : undefined;
    },
  };
}
