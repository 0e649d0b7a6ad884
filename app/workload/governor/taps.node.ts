import fs from 'node:fs';
import path from 'node:path';
import { openTap, type Tap } from './tap.node.ts';

/** Kept where only the one with rights can write: a journal that others could change would be an order to root. */
const JOURNAL_WITH_RIGHTS = '/run/slowburn-caps.journal';

const journalOf = (dataFolder: string): string => path.join(dataFolder, 'tap.journal');
const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * The two taps of a desktop: one as oneself, for one's own processes, and one with rights for caps alone. Each is started
 * when it is first needed, and only then asks for a password. Root, as in a service, needs only one.
 * @param onLost a tap died; `undone`: what it had done is undone
 */
export function openTaps(dataFolder: string, onLost: (undone: boolean) => void): Tap {
  let forProcesses: Tap | undefined;
  let forCaps: Tap | undefined;
  const own = (): Tap => (forProcesses ??= openTap({ journal: journalOf(dataFolder), onLost }));
  const caps = (): Tap =>
    isRoot() ? own() : (forCaps ??= openTap({ journal: JOURNAL_WITH_RIGHTS, elevate: 'pkexec', onLost }));
  const opened = (): readonly Tap[] => [forProcesses, forCaps].filter((tap) => tap !== undefined);
  return {
    stop: (pid, startedAt) => own().stop(pid, startedAt),
    resume: (pid, startedAt) => own().resume(pid, startedAt),
    setCap: (gpuUuid, watts) => caps().setCap(gpuUuid, watts),
    releaseCap: (gpuUuid) => caps().releaseCap(gpuUuid),
    async undo() {
      const done = await Promise.all(opened().map((tap) => tap.undo()));
      return done.find(({ ok }) => !ok) ?? { ok: true, value: undefined };
    },
    async close() {
      await Promise.all(opened().map((tap) => tap.close()));
    },
    pid: () => forProcesses?.pid(),
  };
}

/**
 * Undoes what a Slowburn and its tap left behind when both were killed, as a power cut or the kernel's memory killer does.
 * Resolves to what is known to be left: a cap that only one with rights can restore.
 */
export async function recover(dataFolder: string): Promise<'nothing' | 'cap-left'> {
  const journal = journalOf(dataFolder);
  if (fs.existsSync(journal)) await openTap({ journal }).close();
  return !isRoot() && fs.existsSync(JOURNAL_WITH_RIGHTS) ? 'cap-left' : 'nothing';
}
