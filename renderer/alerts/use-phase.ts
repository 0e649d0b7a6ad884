import { useCallback } from 'react';
import { phaseOf, type AlertPhase } from '../../app/alerts/episode.ts';
import type { StoredAlert } from '../../app/alerts/schema.ts';
import { useLive, type Live } from '../live/store.ts';

/** Whether an alert waits for somebody, as of the newest tick. */
export function usePhase(alert: StoredAlert): AlertPhase {
  return useLive(useCallback(({ tsMs }: Live) => phaseOf(alert, tsMs ?? 0), [alert]));
}

/** How many of these alerts wait for somebody. */
export function useWaiting(firing: readonly StoredAlert[]): number {
  return useLive(
    useCallback(({ tsMs }: Live) => firing.filter((alert) => phaseOf(alert, tsMs ?? 0) === 'firing').length, [firing]),
  );
}
