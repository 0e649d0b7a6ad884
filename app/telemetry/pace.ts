import type { Clock } from '../clock.ts';
import type { Cadence } from '../metrics.ts';

/**
 * When to read, and what. Samples lie on a fixed grid of the monotonic clock: a late one does not shift the next, a
 * missed one is left out. What is dear or changes seldom is read every few seconds, or once a minute.
 */
export type Pace = {
  /** Waits for the next moment of the grid and answers what is due then. Resolves at once when aborted. */
  readonly next: (signal?: AbortSignal) => Promise<readonly Cadence[]>;
  /** Takes effect after the moment that is being waited for. */
  readonly setInterval: (intervalMs: number) => void;
};

const EVERY_MS = { slow: 5_000, rare: 60_000 } as const;

export function createPace(clock: Clock, intervalMs: number): Pace {
  let interval = intervalMs;
  let dueMs: number | undefined; // the grid begins with the first moment, at once
  const due = { slow: -Infinity, rare: -Infinity };

  return {
    async next(signal) {
      const now = clock.monoMs();
      dueMs ??= now;
      if (dueMs < now) dueMs = now + ((interval - ((now - dueMs) % interval)) % interval); // missed: back onto the grid
      if (dueMs > now) await clock.sleep(dueMs - now, signal);
      const taken: Cadence[] = ['tick'];
      for (const cadence of ['slow', 'rare'] as const) {
        if (dueMs < due[cadence]) continue;
        due[cadence] = dueMs + EVERY_MS[cadence];
        taken.push(cadence);
      }
      dueMs += interval;
      return taken;
    },
    setInterval(next) {
      interval = next;
    },
  };
}
