import { useEffect } from 'react';
import { ask } from '../bridge.ts';
import { noteSessions, useLive, type Live, type RunningSession } from './store.ts';

const NEWEST = 20;
const ASK_EVERY_MS = 5_000;

async function look(): Promise<void> {
  if (document.hidden) return;
  const answer = await ask('sessions.newest', { limit: NEWEST });
  if (answer.ok) noteSessions(answer.value.filter(({ endedMs }) => endedMs === null));
}

const sessionsOf = ({ sessions }: Live): readonly RunningSession[] => sessions;

/** The sessions that are running, newest first. Asked for once there are readings: before that the recorder cannot answer. */
export function useRunningSessions(when: boolean): readonly RunningSession[] {
  useEffect(() => {
    if (!when) return;
    const again = (): void => void look();
    again();
    document.addEventListener('visibilitychange', again);
    const timer = setInterval(again, ASK_EVERY_MS);
    return () => {
      document.removeEventListener('visibilitychange', again);
      clearInterval(timer);
    };
  }, [when]);
  return useLive(sessionsOf);
}
