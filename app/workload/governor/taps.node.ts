import path from 'node:path';
import { openTap, type Tap } from './tap.node.ts';

/** Kept where only the one with rights can write: a journal that others could change would be an order to root. */
const JOURNAL_WITH_RIGHTS = '/run/slowburn-caps.journal';

/**
 * The two taps of a desktop: one as oneself, for one's own processes, and one with rights for caps alone, which is not
 * started (and asks for no password) before a cap is to be set. Root, as in a service, needs only one.
 */
export function openTaps(dataFolder: string, onUndone: () => void): Tap {
  const own = openTap({ journal: path.join(dataFolder, 'tap.journal'), onUndone });
  if (process.getuid?.() === 0) return own;
  let withRights: Tap | undefined;
  const caps = (): Tap => (withRights ??= openTap({ journal: JOURNAL_WITH_RIGHTS, elevate: 'pkexec', onUndone }));
  return {
    stop: own.stop,
    resume: own.resume,
    setCap: (gpuUuid, watts) => caps().setCap(gpuUuid, watts),
    releaseCap: async (gpuUuid) => withRights?.releaseCap(gpuUuid) ?? { ok: true, value: undefined },
    async undo() {
      const [first, second] = await Promise.all([own.undo(), withRights?.undo()]);
      return first.ok ? (second ?? first) : first;
    },
    async close() {
      await Promise.all([own.close(), withRights?.close()]);
    },
    pid: own.pid,
  };
}
