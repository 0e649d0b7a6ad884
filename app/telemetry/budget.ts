/**
 * Limits reading to a share of the time. If readings take too long for the requested interval, the interval doubles; after
 * a while of fast readings it returns to the requested one.
 */
export type Budget = {
  /** @param tookMs duration of a reading. @returns the interval to keep from now on, ms */
  readonly spent: (tookMs: number) => number;
  readonly setInterval: (intervalMs: number) => void;
};

/** A tick may take a quarter of its interval: the driver serves the workload under the same lock (docs/decisions/0004). */
const SHARE = 0.25;
const SLOWEST_MS = 5_000; // half of what counts as a gap
const SLOW_IN_A_ROW = 5;
const QUICK_IN_A_ROW = 60;

export function createBudget(intervalMs: number): Budget {
  let wanted = intervalMs;
  let current = intervalMs;
  let slow = 0;
  let quick = 0;
  return {
    spent(tookMs) {
      slow = tookMs > SHARE * current ? slow + 1 : 0;
      quick = current > wanted && tookMs <= (SHARE * current) / 4 ? quick + 1 : 0;
      if (slow >= SLOW_IN_A_ROW && current < SLOWEST_MS) {
        current = Math.min(SLOWEST_MS, current * 2);
        slow = 0;
      }
      if (quick >= QUICK_IN_A_ROW) {
        current = Math.max(wanted, current / 2);
        quick = 0;
      }
      return current;
    },
    setInterval(next) {
      wanted = next;
      current = next;
      slow = 0;
      quick = 0;
    },
  };
}
