import fs from 'node:fs';
import { ok, type Result } from '../core/result.ts';
import { isOutdated, openDatabase, type OpenedDatabase } from '../history/file/database.node.ts';
import { isBeingReplaced } from '../history/file/replacement.node.ts';
import { removePlan } from '../history/retention/retention-plan.node.ts';
import { startJob } from '../jobs/run-job.node.ts';

/**
 * Opens the history, or begins one. An upgrade runs in a thread, because it can take a while: a supervisor must see that
 * this process lives.
 * @param threads the folder of the built thread scripts, ending in a slash
 */
export async function openHistory(databaseFile: string, threads: URL): Promise<Result<OpenedDatabase>> {
  let setAside: string | undefined;
  if (!isBeingReplaced(databaseFile) && isOutdated(databaseFile)) {
    const upgraded = await startJob(threads, { kind: 'upgrade', databaseFile }).result;
    if (!upgraded.ok) return upgraded;
    setAside = upgraded.value.setAside;
  }
  const opened = openDatabase(databaseFile);
  return opened.ok && setAside !== undefined ? ok({ ...opened.value, setAside }) : opened;
}

/** A replay's history is a copy of a file that the user has. Each replay begins a new one. */
export function removeReplayHistory(databaseFile: string): void {
  for (const suffix of ['', '-wal', '-shm']) fs.rmSync(databaseFile + suffix, { force: true });
  removePlan(databaseFile);
}
