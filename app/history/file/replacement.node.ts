import fs from 'node:fs';
import path from 'node:path';
import { text } from '../../core/i18n.ts';
import { z } from '../../core/zod.ts';
import { syncFolder, writeAtomically } from '../../core/atomic-write.node.ts';

const planSchema = z.object({
  /** name of the file that keeps the old history; absent: there was none */
  aside: z.string().optional(),
  /** name of the file that takes the history's place; absent: none does, a new history begins */
  copy: z.string().optional(),
});
export type Replacement = z.infer<typeof planSchema>;

const planFile = (file: string): string => `${file}.replacing`;
export const damagedMark = (file: string): string => `${file}.is-damaged`;

/** A replacement of this history is in progress, or was interrupted. */
export const isBeingReplaced = (file: string): boolean => fs.existsSync(planFile(file));

function planOf(file: string): Replacement | undefined {
  if (!isBeingReplaced(file)) return undefined;
  try {
    return planSchema.parse(JSON.parse(fs.readFileSync(planFile(file), 'utf8')));
  } catch {
    throw new Error(text('historyFile.planDamaged', { plan: planFile(file), file }));
  }
}

/** Gives a file a second name; on a file system without links, the second name only. */
function keep(file: string, name: string): void {
  if (!fs.existsSync(file) || fs.existsSync(name)) return;
  try {
    fs.linkSync(file, name);
  } catch {
    fs.renameSync(file, name);
  }
}

/**
 * Completes a replacement. Each step can be repeated, so the next process completes what a killed one left. SQLite would
 * apply a write-ahead log to any history beside it, so the old log is gone from the disk before the new file takes the
 * name. Throws as fs does.
 *
 * The caller holds the recorder's lock.
 */
export function finishReplacement(file: string): void {
  const plan = planOf(file);
  if (!plan) return;
  const folder = path.dirname(path.resolve(file));
  const inFolder = (name: string | undefined) => name && path.join(folder, path.basename(name));
  const [aside, copy] = [inFolder(plan.aside), inFolder(plan.copy)];
  if (!copy || fs.existsSync(copy)) {
    if (aside) for (const suffix of ['', '-wal']) keep(file + suffix, aside + suffix);
    syncFolder(folder);
    for (const suffix of ['-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
    fs.rmSync(damagedMark(file), { force: true });
    syncFolder(folder);
    if (copy) fs.renameSync(copy, file);
    else fs.rmSync(file, { force: true });
    syncFolder(folder);
  }
  fs.rmSync(planFile(file), { force: true });
  syncFolder(folder);
}

/**
 * Replaces a history by a finished copy, or by nothing, and keeps the old one under another name. The plan is on the disk
 * before the first step: from then on the replacement will be completed, even if this process is killed.
 * @param plan names of files beside the history; the copy is closed and on the disk
 */
export function replaceHistory(file: string, plan: Replacement): void {
  writeAtomically(planFile(file), JSON.stringify(plan));
  syncFolder(path.dirname(path.resolve(file)));
  finishReplacement(file);
}
