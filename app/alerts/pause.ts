import type { AlertSettings } from './settings.ts';

/** "Pause alerts for 1 hour" */
export const PAUSE_MS = 3_600_000;
/** An end that is farther away was written while the system clock was wrong, or by hand: it pauses nothing. */
const LONGEST_PAUSE_MS = 24 * 3_600_000;

/** When the pause ends that is in force now, ms since 1970. Undefined: alerts are not paused. */
export function pauseEndMs({ pausedUntilMs }: Pick<AlertSettings, 'pausedUntilMs'>, nowMs: number): number | undefined {
  if (pausedUntilMs === null || pausedUntilMs <= nowMs) return undefined;
  return pausedUntilMs - nowMs <= LONGEST_PAUSE_MS ? pausedUntilMs : undefined;
}
