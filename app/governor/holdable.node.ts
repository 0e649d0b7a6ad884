import fs from 'node:fs';
import { identityOf } from '../workload/programs/process-facts.node.ts';
import type { HoldRefusal } from './helper/hold.ts';
import type { ProcessId } from './limit-helper.node.ts';

/** Why a program is not held; `helper`: the limit helper itself did not do it. */
export type NotHeld = HoldRefusal | 'not-linux' | 'helper';

function isForeign(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A process of the person's own that may be held, or why it may not. The helper looks again, and at more. */
export function holdable(pid: number): ProcessId | NotHeld {
  if (process.platform !== 'linux') return 'not-linux';
  try {
    if (fs.statSync(`/proc/${pid}`).uid !== process.getuid?.()) return 'other-user';
  } catch {
    // /proc may hide the processes of others (hidepid, proc(5)): a signal tells them from ended ones
    return isForeign(pid) ? 'other-user' : 'ended';
  }
  if (pid <= 1 || pid === process.pid || pid === process.ppid) return 'own-process';
  const startedAt = identityOf(pid)?.startedAt;
  return startedAt === undefined ? 'ended' : { pid, startedAt };
}
