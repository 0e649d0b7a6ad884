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
