import { useMemo } from 'react';
import type { ResponseOf } from '../../app/contract/channels.ts';
import { useQuestion } from '../use-question.ts';

export type RunningSession = ResponseOf<'sessions.newest'>[number];

const NEWEST = 20;
const ASK_EVERY_MS = 5_000;

/** The sessions that are running, newest first. Asked for once there are readings: before that the recorder cannot answer. */
export function useRunningSessions(when: boolean): readonly RunningSession[] {
  const { data } = useQuestion('sessions.newest', { limit: NEWEST }, { everyMs: ASK_EVERY_MS, when });
  return useMemo(() => data?.filter(({ endedMs }) => endedMs === null) ?? [], [data]);
}
