/** Energy from what a card reports: its own counter first, integrated power where there is none. */

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
