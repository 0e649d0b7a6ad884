import { useEffect, useState } from 'react';
import { pauseEndMs } from '../app/alerts/pause.ts';
import type { AlertSettings } from '../app/alerts/settings.ts';

const AFTER_MS = 50; // a timer may come a little early

/** When the pause of alerts ends that is in force, ms since 1970. Undefined: alerts are not paused. Drawn again at its end. */
export function usePauseEnd(alerts: Pick<AlertSettings, 'pausedUntilMs'>): number | undefined {
  const [nowMs, setNowMs] = useState(() => Date.now());
  const { pausedUntilMs } = alerts;
  useEffect(() => {
    if (pausedUntilMs === null) return undefined;
    const look = (): void => setNowMs(Date.now());
    const endMs = pauseEndMs({ pausedUntilMs }, Date.now());
    const timers = [setTimeout(look, 0), ...(endMs ? [setTimeout(look, endMs - Date.now() + AFTER_MS)] : [])];
    return () => timers.forEach(clearTimeout);
  }, [pausedUntilMs]);
  return pauseEndMs(alerts, nowMs);
}
