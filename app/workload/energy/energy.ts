/** Energy from what a card reports: its own counter first, integrated power where there is none. */
import type { Range } from './schema.ts';

export type CounterEnergy = {
  /** J between readings of one run of the driver */
  readonly observedJ: number;
  readonly resets: number;
  /** J that the counter already showed at the first reading after a reset: used, but not seen as a difference */
  readonly unattributedJ: number;
};

/**
 * Sums the differences of an energy counter (mJ since the driver was loaded, nvml.h). A decrease means the driver was
 * reloaded: a new run of the counter begins and nothing is subtracted across it.
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
 * What a sensor shows of a repeating burst when it averages over a window shorter than its period: the true mean, and the
 * readings at the two worst phases. A100 and H100 look at 25 ms of each 100 ms (Yang et al., arXiv 2312.02741).
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

/** NVML power and energy are good to ±5 % of the value (arXiv 2312.02741): nothing finer is claimed. */
export const ENERGY_ERROR = 0.05;

/**
 * Time that one power reading averages over, by what is known of the card's name: arXiv 2312.02741 (update period and
 * window of each generation), and nvml.h: a 1-s average on Ampere and later except GA100. A card that is not known is
 * taken for one that shows instants: the band becomes wider, never narrower.
 */
export function powerWindowMs(gpuName: string): number {
  if (/\b(A100|A800|A30|CMP 170)/.test(gpuName)) return 25;
  if (/\b(RTX (30|40|50)\d0|RTX A?\d000|A(2|10|16|40)\b|L(4|40S?)\b|H100|H200|H800|GH200|B\d00|GB\d+)/.test(gpuName))
    return 1000;
  if (/\b(RTX 20\d0|GTX 16\d0|T4|Quadro RTX|TITAN RTX)/.test(gpuName)) return 100;
  return 10;
}

/** Chosen so that less than one load in a few hundred falls outside, if its changes and the polling are not in step. */
const SIGMAS = 3;

export type PowerIntegral = { readonly energyJ: number; readonly range: Range };

/**
 * Sums polled power by the trapezoid rule and says how far off that may be. Three things are added up: the sensor's own
 * ±5 %; the time no reading saw, where it averages over less than the time between two polls, estimated from how much
 * successive readings differ; and the two ends, where a trailing average tells what was before. A load that beats in
 * step with the polling hides from any of this (arXiv 2312.02741): such a card needs its energy counter.
 */
export function createPowerIntegral(windowMs: number) {
  let energyJ = 0;
  let variance = 0;
  let edgeMs = 0;
  let low = Infinity;
  let high = -Infinity;
  let intervals = 0;

  return {
    add(beforeW: number, afterW: number, dtMs: number): void {
      energyJ += trapezoidJ(beforeW, afterW, dtMs);
      intervals++;
      edgeMs = Math.max(edgeMs, dtMs + windowMs);
      low = Math.min(low, beforeW, afterW);
      high = Math.max(high, beforeW, afterW);
      const unseen = Math.max(0, 1 - windowMs / dtMs);
      // half the squared step is the variance of one reading, free of slow trends (von Neumann)
      variance += (unseen * ((afterW - beforeW) ** 2 / 2) * dtMs * dtMs) / 1e6;
    },
    /** undefined: no interval was seen */
    result(): PowerIntegral | undefined {
      if (intervals === 0) return undefined;
      const ends = ((high - low) * edgeMs) / 1000;
      // few readings say little about their own spread: the factor of a small sample
      const spread = SIGMAS * Math.sqrt(variance * (1 + 4 / intervals)) + ends;
      return {
        energyJ,
        range: {
          low: Math.max(0, (energyJ - spread) / (1 + ENERGY_ERROR)),
          high: (energyJ + spread) / (1 - ENERGY_ERROR),
        },
      };
    },
  };
}

/** How far off an energy may be, as a share of it: half its range, or the counter's own where no range is kept. */
export const errorShareOf = (energyJ: number, range: Range | undefined): number =>
  range && energyJ > 0 ? (range.high - range.low) / 2 / energyJ : ENERGY_ERROR;

/** An energy counter's own uncertainty. */
export const counterRange = (energyJ: number): Range => ({
  low: energyJ / (1 + ENERGY_ERROR),
  high: energyJ / (1 - ENERGY_ERROR),
});
