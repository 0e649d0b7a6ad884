import fs from 'node:fs';
import { text } from '../core/i18n.ts';
import { historyCapMb, retentionDays } from '../history/settings.ts';
import { noteOfLimits } from '../history/retention/retention-plan.node.ts';
import type { RetentionRule } from '../history/retention/retention.ts';
import { loadSettings, saveChange } from '../settings/file.node.ts';
import type { Notice } from './file-keeper.node.ts';
import type { Store } from './store.ts';

type Looked = Pick<Store, 'extent' | 'retentionPreview'>;
type Limits = RetentionRule & { readonly retentionDays: number };

const DAY_MS = 86_400_000;

/** The limits that the history kept to last, as they are noted beside it. */
function limitsBefore(databaseFile: string): Limits | undefined {
  const noted = noteOfLimits(databaseFile);
  const days = retentionDays.safeParse(noted?.retentionDays);
  const size = historyCapMb.safeParse(noted?.historyCapMb);
  return days.success && size.success ? { retentionDays: days.data, historyCapMb: size.data } : undefined;
}

/** Whether limits delete nothing of what is there, by age or by size. */
function isHarmless(limits: Limits, store: Looked, nowMs: number): boolean {
  const oldestMs = store.extent()?.fromMs ?? Infinity;
  // the preview counts days only by a clock that a day of recording bears out
  return oldestMs > nowMs - limits.retentionDays * DAY_MS && store.retentionPreview(limits, nowMs).samples === 0;
}

/**
 * Writes settings into a folder that has a history and no settings: an earlier version, which wrote none, recorded there,
 * or the file was lost. It gets the limits that the history kept to. Where these are not known, it gets the default ones if
 * they delete nothing of what is there now; otherwise deletion stays suspended until a person chooses.
 * @returns what a person should know; undefined: nothing was written
 */
export function renewSettings(folder: string, databaseFile: string, store: Looked, nowMs: number): Notice | undefined {
  const loaded = loadSettings(folder);
  const { file, settings } = loaded;
  if (loaded.state !== 'missing' || fs.lstatSync(file, { throwIfNoEntry: false })) return undefined; // a link to nowhere
  const atMs = Math.max(nowMs, store.extent()?.toMs ?? nowMs); // a clock that was set back shows less to delete
  const before = limitsBefore(databaseFile);
  const limits = before ?? { retentionDays: settings.retentionDays, historyCapMb: settings.historyCapMb };
  if (!before && !isHarmless(limits, store, atMs)) return undefined;
  if (!saveChange(loaded, limits).ok) return undefined;
  const next = text('settingsFile.renewedNext', { days: limits.retentionDays });
  return { message: text('settingsFile.renewed', { file }), next };
}
