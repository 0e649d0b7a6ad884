import { isRunning } from '../../core/process-start.node.ts';
import { startOf } from '../programs/process-facts.node.ts';
import type { SessionBook } from './book.ts';

/**
 * Ends sessions whose process has died, with what was recorded up to a moment: the last tick of the recorder that saw it.
 * What was recorded later belongs to no such session.
 */
export function endOrphans(book: Pick<SessionBook, 'sessions' | 'finishSession'>, untilMs: number): void {
  for (const session of book.sessions.open()) {
    if (isRunning({ pid: session.ownerPid, startedAt: session.ownerStart }, startOf)) continue;
    book.finishSession(session, Math.max(session.startedMs, untilMs), null, new Set());
  }
}
