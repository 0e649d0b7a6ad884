import type { Clock } from '../core/clock.ts';
import type { Cadence } from '../metrics/metrics.ts';

/**
 * When to read, and what. Samples lie on a fixed grid of the monotonic clock: a late one does not shift the next, a missed
 * one is left out. Metrics that are expensive or rarely change are read every few seconds, or once a minute.
 */
export type Pace = {
  /** Waits for the next moment of the grid. @returns the cadences due then. Resolves at once when aborted. */
  readonly next: (signal?: AbortSignal) => Promise<readonly Cadence[]>;
  /** Takes effect after the next moment. */
  readonly setInterval: (intervalMs: number) => void;
};

export type Periods = { readonly slow: number; readonly rare: number };
const usualPeriods: Periods = { slow: 5_000, rare: 60_000 };
const modulo = (a: number, n: number): number => ((a % n) + n) % n;

/**
 * @param everyMs periods of the cadences that are not due at every moment
 * @param gridMs a moment of a grid shared with other threads; the first moment is now, all later ones lie on that grid
 */
export function createPace(clock: Clock, intervalMs: number, everyMs: Periods = usualPeriods, gridMs?: number): Pace {
  let interval = intervalMs;
  let dueMs: number | undefined; // the grid begins with the first moment, at once
  const due = { slow: -Infinity, rare: -Infinity };

  return {
    async next(signal) {
      const now = clock.monoMs();
      const first = dueMs === undefined;
      dueMs ??= now;
      if (dueMs < now) dueMs = now + ((interval - ((now - dueMs) % interval)) % interval); // missed: back onto the grid
      if (dueMs > now) await clock.sleep(dueMs - now, signal);
      const taken: Cadence[] = ['tick'];
      for (const cadence of ['slow', 'rare'] as const) {
        if (dueMs < due[cadence]) continue;
        due[cadence] = dueMs + everyMs[cadence];
        taken.push(cadence);
      }
      dueMs += first && gridMs !== undefined ? interval - modulo(dueMs - gridMs, interval) : interval;
      return taken;
    },
    setInterval(next) {
      interval = next;
    },
  };
}
