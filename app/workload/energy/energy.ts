/** Energy from what a card reports: its own counter first, integrated power where there is none. */
import type { Range } from './schema.ts';

export type CounterEnergy = {
  /** J between readings of one run of the driver */
  readonly observedJ: number;
  readonly resets: number;
  /** J that the counter already showed at the first reading after a reset: used, but not observed as a difference */
  readonly unattributedJ: number;
};

/**
 * Sums the differences of an energy counter (mJ since the driver was loaded, nvml.h). A decrease means that the
 * driver was reloaded: the counter starts over, and no difference is taken across it.
 */
export function counterEnergy(readingsMj: readonly number[]): CounterEnergy {
  let observed = 0;
  let resets = 0;
  let unattributed = 0;
  for (let i = 1; i < readingsMj.length; i++) {
    const step = readingsMj[i]! - readingsMj[i - 1]!;
    if (step >= 0) observed += step;
    else {
      resets++;
      unattributed += readingsMj[i]!;
    }
  }
  return { observedJ: observed / 1000, resets, unattributedJ: unattributed / 1000 };
}

/** Trapezoid rule over one interval: J from two powers in W and the milliseconds between them. */
export const trapezoidJ = (beforeW: number, afterW: number, dtMs: number): number =>
  ((beforeW + afterW) / 2) * (dtMs / 1000);

/** J from kWh. */
export const joulesOfKwh = (kwh: number): number => kwh * 3.6e6;

/**
 * What a sensor shows of a repeating burst if it averages over a window shorter than the period: the true mean, and the
 * readings at the two worst phases. A100 and H100 average over 25 ms of each 100 ms (Yang et al., arXiv 2312.02741).
 */
export function burstReadings(burst: {
  readonly periodMs: number;
  readonly windowMs: number;
  readonly onMs: number;
  readonly onW: number;
  readonly offW: number;
}): { readonly trueW: number; readonly onBurstW: number; readonly offBurstW: number } {
  const mean = (share: number): number => burst.offW + share * (burst.onW - burst.offW);
  const offMs = burst.periodMs - burst.onMs;
  return {
    trueW: mean(burst.onMs / burst.periodMs),
    onBurstW: mean(Math.min(1, burst.onMs / burst.windowMs)),
    offBurstW: mean(Math.max(0, burst.windowMs - offMs) / burst.windowMs),
  };
}

/** NVML power and energy are good to ±5 % of the value (arXiv 2312.02741): no finer claim is made. */
export const ENERGY_ERROR = 0.05;

/**
 * ms over which one power reading averages, by the card's name. Sources: arXiv 2312.02741 (update period and window per
 * generation) and nvml.h (a 1-s average on Ampere and later except GA100). An unknown card is treated as one without an
 * average, which makes the range wider, never narrower.
 */
export function powerWindowMs(gpuName: string): number {
  if (/\b(A100(?!0)|A800|A30(?!0)|CMP 170)/.test(gpuName)) return 25;
  if (/\b(Quadro|TITAN) RTX/.test(gpuName)) return 100; // Turing, under numbers that later cards have too
  if (/\b(RTX (30|40|50)\d0|RTX A?\d000|A(2|10|16|40)\b|L(4|40S?)\b|H100|H200|H800|GH200|B\d00|GB\d+)/.test(gpuName))
    return 1000;
  if (/\b(RTX 20\d0|GTX 16\d0|T4)/.test(gpuName)) return 100;
  return 10;
}

/** Fewer than one load in a few hundred falls outside, if its changes are not synchronous with the polling. */
const SIGMAS = 3;

/** `spreadJ` is what integration may have missed, beside the sensor's own error. `ms` is the time integrated over. */
export type PowerIntegral = {
  readonly energyJ: number;
  readonly spreadJ: number;
  readonly ms: number;
  readonly range: Range;
};

/**
 * Integrates polled power by the trapezoid rule, with its uncertainty. That is the sum of three parts: the sensor's ±5 %;
 * the time that no reading covers if a reading averages over less than the polling interval, estimated from the
 * difference of successive readings; and the two ends, where a trailing average includes what was before. A load that is
 * synchronous with the polling escapes this estimate (arXiv 2312.02741): it needs an energy counter.
 * @param doubtedEnds the caller already counts all that lies between the ticks around each end: only the average is left
 */
export function createPowerIntegral(windowMs: number, doubtedEnds = false) {
  let energyJ = 0;
  let variance = 0;
  let edgeMs = 0;
  let low = Infinity;
  let high = -Infinity;
  let intervals = 0;
  let ms = 0;

  return {
    add(beforeW: number, afterW: number, dtMs: number): void {
      energyJ += trapezoidJ(beforeW, afterW, dtMs);
      intervals++;
      ms += dtMs;
      edgeMs = Math.max(edgeMs, (doubtedEnds ? 0 : dtMs) + windowMs);
      low = Math.min(low, beforeW, afterW);
      high = Math.max(high, beforeW, afterW);
      const unseen = Math.max(0, 1 - windowMs / dtMs);
      // half the squared step is the variance of one reading without slow trends (von Neumann)
      variance += (unseen * ((afterW - beforeW) ** 2 / 2) * dtMs * dtMs) / 1e6;
    },
    /** undefined: there was no interval */
    result(): PowerIntegral | undefined {
      if (intervals === 0) return undefined;
      const ends = ((high - low) * edgeMs) / 1000;
      // the spread of few readings is itself uncertain: small-sample factor
      const spread = SIGMAS * Math.sqrt(variance * (1 + 4 / intervals)) + ends;
      return {
        energyJ,
        spreadJ: spread,
        ms,
        range: {
          low: Math.max(0, (energyJ - spread) / (1 + ENERGY_ERROR)),
          high: (energyJ + spread) / (1 - ENERGY_ERROR),
        },
      };
    },
  };
}
