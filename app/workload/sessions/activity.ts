import { valueOf, type Frame } from '../../metrics/frame.ts';
import { shareAt, type ShareSpan } from '../energy/shares.ts';
import { LOADED_UTIL_PCT } from '../programs/programs.ts';

/**
 * The time in which a card worked for a session: it was busy, and the session had a part in it. A reading of the
 * utilisation is about the time before it (nvml.h, nvmlUtilization_t), so each one decides the interval that it ends.
 */
export function createActivity(shares: () => readonly ShareSpan[]) {
  let activeMs: number | undefined;
  /** ms that the card worked since the last restart, whoever it worked for */
  let sinceMs = 0;

  return {
    /**
     * @param dtMs ms that the interval lasted; undefined: not observed, so not active
     * @returns whether the card worked
     */
    add(frame: Frame, dtMs: number | undefined, tsMs: number): boolean {
      const utilPct = valueOf(frame, 'gpuUtilPct');
      if (utilPct === undefined || dtMs === undefined) return false;
      activeMs ??= 0;
      if (utilPct < LOADED_UTIL_PCT) return false;
      sinceMs += dtMs;
      if (shareAt(shares(), tsMs - dtMs / 2) !== 0) activeMs += dtMs;
      return true;
    },
    /** Part of the time between two readings of a counter, 0–1, in which the card worked. */
    since: (fromMs: number, toMs: number): number => (toMs > fromMs ? Math.min(1, sinceMs / (toMs - fromMs)) : 0),
    restart(): void {
      sinceMs = 0;
    },
    /** undefined: the card never reported its utilisation */
    ms: (): number | undefined => activeMs,
  };
}
