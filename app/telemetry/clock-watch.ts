import type { Clock } from '../core/clock.ts';

/** Stamps of a sample: wall and monotonic clock, whole ms. */
export type Stamps = { readonly tsMs: number; readonly monoMs: number };

/** What the clocks did between two samples, ms. */
export type Between = {
  /** time awake, by the monotonic clock */
  readonly awakeMs: number;
  /** time in suspend */
  readonly sleptMs: number;
  /** how far the wall clock was set, forward or back */
  readonly setMs: number;
};

/** Below this a difference of the boot and the monotonic clock is their resolution, not a suspend. */
const SHORTEST_SLEEP_MS = 1_000;

export type ClockWatch = {
  /** @returns undefined for the first sample */
  readonly next: (stamps: Stamps) => Between | undefined;
  /** Time in suspend since the first sample, ms. Added to the monotonic clock it is an axis that cannot be set. */
  readonly sleptMs: () => number;
};

/**
 * Distinguishes time awake, time in suspend and changes of the clock.
 * @param clock undefined if the stamps come from a recording, which has no suspend
 */
export function createClockWatch(clock?: Pick<Clock, 'monoMs' | 'bootMs'>): ClockWatch {
  let previous: (Stamps & { readonly aheadMs: number }) | undefined;
  let total = 0;
  return {
    next({ tsMs, monoMs }) {
      const before = previous;
      const aheadMs = clock ? clock.bootMs() - clock.monoMs() : 0;
      previous = { tsMs, monoMs, aheadMs };
      if (!before) return undefined;
      const apartMs = aheadMs - before.aheadMs;
      const sleptMs = apartMs >= SHORTEST_SLEEP_MS ? Math.round(apartMs) : 0;
      total += sleptMs;
      const awakeMs = monoMs - before.monoMs;
      return { awakeMs, sleptMs, setMs: tsMs - before.tsMs - awakeMs - sleptMs };
    },
    sleptMs: () => total,
  };
}
