import fs from 'node:fs';
import path from 'node:path';
import { openLimitHelper, type LimitHelper } from './limit-helper.node.ts';

/** Kept where only the one with rights can write: a journal that others could change would be an order to root. */
const JOURNAL_WITH_RIGHTS = '/run/slowburn-limits.journal';

const journalOf = (dataFolder: string): string => path.join(dataFolder, 'governor.journal');
const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * The two helpers of a desktop: one as oneself, which holds one's own programs, and one with rights, which can set power
 * limits and nothing else. Each starts when it is first needed, and only then asks for a password. Root, as in a service,
 * needs only one.
 * @param onLost a helper died; `undone`: what it had done is undone
 */
export function openLimitHelpers(dataFolder: string, onLost: (undone: boolean) => void): LimitHelper {
  let forPrograms: LimitHelper | undefined;
  let forLimits: LimitHelper | undefined;
  const own = (): LimitHelper => (forPrograms ??= openLimitHelper({ journal: journalOf(dataFolder), onLost }));
  const withRights = (): LimitHelper =>
    isRoot() ? own() : (forLimits ??= openLimitHelper({ journal: JOURNAL_WITH_RIGHTS, elevate: 'pkexec', onLost }));
  const opened = (): readonly LimitHelper[] => [forPrograms, forLimits].filter((helper) => helper !== undefined);
  return {
    hold: (processes) => own().hold(processes),
    resume: (processes) => own().resume(processes),
    setLimit: (gpuUuid, watts) => withRights().setLimit(gpuUuid, watts),
    restoreLimit: (gpuUuid) => withRights().restoreLimit(gpuUuid),
    async undo() {
      const done = await Promise.all(opened().map((helper) => helper.undo()));
      return done.find(({ ok }) => !ok) ?? { ok: true, value: undefined };
    },
    async close() {
      await Promise.all(opened().map((helper) => helper.close()));
    },
    pid: () => forPrograms?.pid(),
  };
}

/**
 * Undoes what a Slowburn left behind when it, its helper and the watchdog were all killed.
 * Resolves to what is known to be left: a power limit that could not be restored, or needs rights to be.
 */
export async function recover(dataFolder: string): Promise<'nothing' | 'limit-left'> {
  const journal = journalOf(dataFolder);
  if (fs.existsSync(journal)) await openLimitHelper({ journal }).close();
  const left = fs.existsSync(journal) || (!isRoot() && fs.existsSync(JOURNAL_WITH_RIGHTS));
  return left ? 'limit-left' : 'nothing';
}
