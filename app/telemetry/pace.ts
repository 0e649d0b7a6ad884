import type { Clock } from '../clock.ts';
import type { Cadence } from '../metrics.ts';

/**
 * When to read, and what. Samples lie on a fixed grid of the monotonic clock: a late one does not shift the next, a
 * missed one is left out. What is costly is read every few seconds only.
 */
export type Pace = {
  /** Waits for the next moment of the grid and answers what is due then. Resolves at once when aborted. */
  readonly next: (signal?: AbortSignal) => Promise<readonly Cadence[]>;
  /** Takes effect after the moment that is being waited for. */
  readonly setInterval: (intervalMs: number) => void;
};

const SLOW_EVERY_MS = 5_000;

export function createPace(clock: Clock, intervalMs: number): Pace {
  let interval = intervalMs;
  let dueMs = clock.monoMs();
  let slowDueMs = -Infinity;

  return {
    async next(signal) {
      const now = clock.monoMs();
      if (dueMs < now) dueMs = now + ((interval - ((now - dueMs) % interval)) % interval); // missed: back onto the grid
      if (dueMs > now) await clock.sleep(dueMs - now, signal);
      const slow = dueMs >= slowDueMs;
      if (slow) slowDueMs = dueMs + SLOW_EVERY_MS;
      dueMs += interval;
      return slow ? ['tick', 'slow'] : ['tick'];
    },
    setInterval(next) {
      interval = next;
    },
  };
}
